"""Checks of Asterisk: its manager interface, its dialplan, and the journal of incoming calls that it writes."""
