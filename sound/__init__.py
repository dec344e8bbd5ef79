"""The form of a telephone call's audio: what the DTMF receiver, the guidance and the calls share.

This package imports nothing of ours. `telephone` holds the constants; `samples` turns integers into floats and back.
"""
