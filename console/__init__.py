"""The operators' console: a web page that shows calls as they go, and why one went as it did.

It is a process of its own that knows the store's database alone: services write there what happens in their calls, and
how they are. So it takes nothing from the clock of calls, and shows the calls of all hosts.

Begin to read in `app` (what there is), `visit` (what comes before every page) and `live` (how a page keeps up).
"""
