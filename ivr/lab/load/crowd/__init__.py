"""The callers of a load: what each means to do, their telephones, and the one loop that carries all of them.

`plan`, `caller`, `keying`, `hearing` and `user_agent` do no I/O. `many_packets` sends and takes many packets in one
system call, `streams` is the audio of all calls, and `loop` brings them together.
"""
