"""The history of the outbox's schema."""
