"""An Asterisk of our own: its configuration and its process."""
