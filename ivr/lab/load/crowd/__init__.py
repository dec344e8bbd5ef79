"""The callers of a load: what each means to do, what each hears and notes, and the one loop that carries all of them.

`plan`, `caller`, `keying` and `hearing` do no I/O. `trunk` says what a way to the service must do; `sip` and `direct`
are the two ways.
"""
