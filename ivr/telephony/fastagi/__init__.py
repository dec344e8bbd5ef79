"""Asterisk asks us about a call, over FastAGI."""
