"""The 20 ms clock of a call's audio, and nothing that could hold it up."""
