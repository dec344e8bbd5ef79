"""A load of calls: many callers at once through a house of their own, and whether each got what they typed.

`crowd` is the callers, in a process of their own. `run` starts the house and the crowd, and `judge` compares every
caller's intent with the store. `result` has the figures.
"""
