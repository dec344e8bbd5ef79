"""The mailbox's templates."""
