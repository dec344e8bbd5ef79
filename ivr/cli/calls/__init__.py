"""The commands of `ivr call` and `ivr calls`."""
