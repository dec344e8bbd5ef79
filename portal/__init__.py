"""The settings site: where a subscriber logs in with a temporary password, chooses a password, and manages a line.

It is a separate process that knows only the store. All that a page does is done to the line of the number that logged
in; `rights` is the one place that decides it.

Start to read in `app` (the pages there are), `visit` (what comes before every page) and `rights`.
"""
