"""The mailbox's texts, one catalogue for each language."""
