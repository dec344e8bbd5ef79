"""Limits on how often callers and visitors may try."""
