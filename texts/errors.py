"""The error of a catalogue that cannot be used. It says why, and what to do."""


class TextsError(Exception):
    """A file with an operator's own texts cannot be used."""
