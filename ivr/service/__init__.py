"""The service that answers calls, and what it reports of itself."""
