"""The 20 ms clock of all calls' audio. Nothing in this room can hold the clock up."""
