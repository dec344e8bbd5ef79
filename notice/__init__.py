"""The call-notice mail: when a call to a subscriber's number has stopped ringing, a mail tells who called.

`journal` reads what exchanges write of each call (dialplan/karipass/notice.conf), `calls` makes one verdict of it,
`rules` decides who is mailed or why nobody is, `mails` writes the mails. `settings` are what a number has chosen.
`store` and `sides` keep settings, verdicts and how far the journal was read; `reading` is the process that does it.
"""
