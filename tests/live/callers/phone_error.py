"""The error of a test phone: its own fault must not look like the product's."""


class PhoneError(Exception):
    """The phone is missing, or did not do what it was told; the message says what."""
