"""The error of this tool."""


class PictureError(Exception):
    """A picture cannot be drawn; the message says what was not as it has to be."""
