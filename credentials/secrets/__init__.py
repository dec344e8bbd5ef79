"""What is secret: keys, hashes, temporary passwords, passwords and what they may be."""
