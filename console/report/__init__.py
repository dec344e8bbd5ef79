"""How well calls went."""
