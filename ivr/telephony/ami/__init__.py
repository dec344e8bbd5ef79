"""The manager interface of Asterisk."""
