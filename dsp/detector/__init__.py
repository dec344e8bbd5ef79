"""The receiver's core: turns frames into keys and near misses. Compiled code."""
