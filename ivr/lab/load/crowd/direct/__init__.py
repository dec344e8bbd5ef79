"""The way of a load's calls straight to the service, by FastAGI and AudioSocket. `agi_call` does no I/O."""
