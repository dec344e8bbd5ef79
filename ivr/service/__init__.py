"""The service that answers calls, and what it reports about itself."""
