"""What can go wrong with a telephony peer, and whose fault it is."""

from __future__ import annotations


class TelephonyError(Exception):
    """A telephony peer could not be served."""


class RemoteProtocolError(TelephonyError):
    """The peer broke the protocol: its connection is closed, other calls go on."""


class LocalProtocolError(TelephonyError):
    """We were about to break the protocol: a programming error on our side."""
