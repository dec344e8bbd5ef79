"""The live page: the calls in progress and the services."""
