"""The error of audio that cannot be read or written."""


class AudioError(Exception):
    """What was given is not audio that can be read; the message names it and says why."""
