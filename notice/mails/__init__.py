"""The mails that tell of calls."""
