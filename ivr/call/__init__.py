"""One call: the dialogue, the keys that count, what is said, what is noted of it. Does no I/O."""
