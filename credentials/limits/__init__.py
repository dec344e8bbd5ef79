"""How often callers and visitors may try."""
