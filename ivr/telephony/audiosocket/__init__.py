"""The audio and the keys of a call, over Asterisk's AudioSocket."""
