"""Audio and keys of a call, over Asterisk's AudioSocket."""
