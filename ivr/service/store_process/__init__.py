"""The store process: a child of the service that does everything that blocks or holds the interpreter.

SQL, hashes and the records of calls would hold up the media clock if they ran in the service's own process: a busy
thread beside it costs the event loop up to 5 ms at each callback. So the service hands them to a process of their own,
over a socket pair that nobody else can reach.

- `messages` has what the two say to each other, `codec` turns that into octets and back. Neither has a socket.
- `link` is the service's side, and `process` starts and ends the process.
- `serving` is the store's side.
"""
