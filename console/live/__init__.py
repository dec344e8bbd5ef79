"""What the live page shows: the calls in progress and the services."""
