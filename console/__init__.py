"""The operators' console: a web page that shows calls as they go, and why one went as it did.

It is a separate process that knows only the store's database: services write there what happens in their calls, and
their vitals. So it takes no time from the media clock, and shows the calls of all hosts.

Start to read in `app` (the pages there are), `visit` (what comes before every page) and `live` (how a page keeps up).
"""
