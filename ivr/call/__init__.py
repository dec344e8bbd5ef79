"""One call: its dialogue, the keys that count, the guidance, and the notes of what happened. Does no I/O."""
