"""The house of many hosts, broken on purpose while callers call it: who noticed, what they heard, and what was lost.

`faults` are the faults, each of which can be begun and ended. `run` lets a crowd call, and does one fault after the
other. `toll` compares what every caller meant with the store, and counts each fault's toll.
"""
