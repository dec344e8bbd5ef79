"""The error of audio that cannot be read or written."""


class AudioError(Exception):
    """The audio cannot be read or written; the message names it and says why."""
