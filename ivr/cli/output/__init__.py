"""How commands write for people and machines."""
