"""The receiver's core: from frames to keys and near misses. Compiled code."""
