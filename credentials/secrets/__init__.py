"""Everything secret: keys, hashes, temporary passwords, passwords and their rules."""
