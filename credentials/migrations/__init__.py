"""The schema's history, run by `credentials.migrate`."""
