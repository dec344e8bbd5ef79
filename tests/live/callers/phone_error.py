"""What a test phone raises: its own fault must not look like one of the product."""


class PhoneError(Exception):
    """The phone is missing, or did not do what it was told; the message says what."""
