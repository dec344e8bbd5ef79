"""How commands write for people and for machines."""
