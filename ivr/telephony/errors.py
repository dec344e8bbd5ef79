"""The faults of a telephony peer, and whose fault each is."""

from __future__ import annotations


class TelephonyError(Exception):
    """A telephony peer could not be served."""


class RemoteProtocolError(TelephonyError):
    """The peer broke the protocol: its connection is closed, other calls go on."""


class CutMessageError(RemoteProtocolError):
    """The connection ended within a message: the peer, or the network to it, cut it off.

    Attributes:
        received: how many octets of the message came.
        announced: how many octets it was to have; None if the protocol does not announce them.
    """

    def __init__(self, protocol: str, what: str, *, received: int, announced: int | None = None) -> None:
        after = f"{received}" if announced is None else f"{received} of {announced}"
        super().__init__(
            f"{protocol}: the connection ended after {after} octets of {what}; look into Asterisk's log at this time "
            "(did it stop?) and at the network between Asterisk and this service"
        )
        self.received = received
        self.announced = announced


class LocalProtocolError(TelephonyError):
    """We were about to break the protocol: a programming error on our side."""
