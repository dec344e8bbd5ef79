"""A carrier's house on one machine: several hosts behind a SIP proxy, and one PostgreSQL, each in its own network.

`network` makes the networks and cuts them. `parts` is what all programs of the house have in common: each can be
killed, frozen and started again. `database`, `proxy` and `host` are these programs, and `many_hosts` brings them
together. `phones` calls from the callers' network, and so does a crowd of callers by `crowd_way`.
"""
