"""Mails that come back after our mail server had taken them.

`addresses` makes the addresses to which they come back, `reports` reads what they say, `receiver` takes them by SMTP or
LMTP, and `serving` is the process.
"""
