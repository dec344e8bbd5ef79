"""A telephone call's audio in numbers: what the DTMF receiver, the guidance and the calls have in common.

Imports nothing of ours. `telephone` holds the constants, `samples` turns integers into floats and back.
"""
