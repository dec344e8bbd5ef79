"""Reads how a channel ended from Asterisk's last event of a call: the cause of its hang-up, and how its audio arrived.

The dialplan sends that event (`KaripassCall`) when the call is over, whoever ended it. It carries what only the
exchange knows: `Cause`, the hang-up cause, and `Rtp`, the counters of `CHANNEL(rtcp,all)`.

In those counters (measured on Asterisk 22.10) `rxcount` counts the packets that came from the caller, and `lp` those
that were lost on the way here. The jitter of the caller's audio is in `txjitter`, in seconds: Asterisk names it by the
end that it reports it to. Asterisk counts packets one by one, but losses and jitter only with each RTCP report that it
sends (`rtcpinterval` in rtp.conf). Both are unknown before the first report, which is also the first to fill in
`txmes`.

Losses are the packets that the sequence numbers say were sent, less those that came. If packets come twice, the second
time later, both counts are wrong. Asterisk takes such a packet for the start of a new round of 65,536 numbers if it
comes after a packet whose number started at 0 again, or more than 100 late, and never knows it for a copy. (Of 1,250
packets, each sent again one packet later, over such a start, `lp` was 64,286, which is 65,536 - 1,250; three packets
later it was 195,358, which is 3 * 65,536 - 1,250.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpFigures:
    """How the caller's audio arrived. A figure is None if Asterisk could not give it.

    Attributes:
        received: how many packets came.
        lost: how many packets did not come; 0 if some came twice, because then as many may have been lost as came
            again.
        jitter_ms: interarrival jitter (RFC 3550, section 6.4.1).
        rtt_ms: round-trip time; None if the peer sends no RTCP.
    """

    received: int
    lost: int | None
    jitter_ms: float | None
    rtt_ms: float | None

    @property
    def lost_percent(self) -> float | None:
        """Lost packets, in percent of all that were sent; None if that is not known."""
        if self.lost is None or not self.received:
            return None
        return 100 * self.lost / (self.lost + self.received)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnd:
    """How a channel ended.

    Attributes:
        cause: the cause of ITU-T Q.850; None if it is not known.
        text: what the cause means, or why it is not known.
        rtp: how the caller's audio arrived; None if that is not known.
    """

    cause: int | None
    text: str
    rtp: RtpFigures | None


def unknown_end(why: str) -> ChannelEnd:
    """Make the end of a channel of which nothing is known.

    Args:
        why: the reason, for operators.
    """
    return ChannelEnd(cause=None, text=why, rtp=None)


def channel_end(event: Mapping[str, str]) -> ChannelEnd:
    """Read the event of a call's end.

    Args:
        event: the event's fields, their names in lower case.
    """
    text = event.get("cause", "")
    cause = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
    if cause is None or cause > _LAST_CAUSE:
        return ChannelEnd(cause=None, text="the exchange gave no cause", rtp=rtp_figures(event.get("rtp", "")))
    return ChannelEnd(cause=cause, text=_CAUSES.get(cause, f"cause {cause}"), rtp=rtp_figures(event.get("rtp", "")))


def rtp_figures(text: str) -> RtpFigures | None:
    """Read `CHANNEL(rtcp,all)`, as in `ssrc=1;themssrc=2;lp=5;rxjitter=0.0;rxcount=145;...`; None if it is not that."""
    values = {name: _number(value) for name, _, value in (part.partition("=") for part in text.split(";"))}
    received = values.get("rxcount")
    if received is None:
        return None
    reported = bool(values.get("txmes"))
    lost, jitter_s, rtt_s = values.get("lp"), values.get("txjitter"), values.get("rtt")
    return RtpFigures(
        received=int(received),
        lost=_lost(int(lost)) if reported and lost is not None else None,
        jitter_ms=1000 * jitter_s if reported and jitter_s is not None else None,
        rtt_ms=1000 * rtt_s if rtt_s else None,
    )


def _lost(counted: int) -> int:
    """Lost packets, without rounds of sequence numbers that never were: a call loses less than half a round."""
    of_a_round = counted % _ROUND
    return of_a_round if of_a_round < _ROUND // 2 else 0


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= _MOST else None


_ROUND: Final = 1 << 16
"""How many sequence numbers there are before they start at 0 again (RFC 3550, section 5.1)."""
_LAST_CAUSE: Final = 127
_MOST: Final = 1e9
"""No packet count or time of a call comes near this."""

_CAUSES: Final[Mapping[int, str]] = {
    0: "no cause given",
    1: "number not assigned",
    2: "no route to the transit network",
    3: "no route to the destination",
    16: "normal clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer",
    20: "subscriber absent",
    21: "call rejected",
    22: "number changed",
    26: "non-selected user clearing",
    27: "destination out of order",
    28: "invalid number format",
    29: "facility rejected",
    31: "normal, unspecified",
    34: "no circuit available",
    38: "network out of order",
    41: "temporary failure",
    42: "switching equipment congestion",
    44: "requested circuit not available",
    47: "resource unavailable",
    50: "facility not subscribed",
    57: "bearer capability not authorised",
    58: "bearer capability not available",
    63: "service not available",
    65: "bearer capability not implemented",
    69: "facility not implemented",
    79: "service not implemented",
    88: "incompatible destination",
    95: "invalid message",
    102: "recovery on timer expiry",
    111: "protocol error",
    127: "interworking, unspecified",
}
"""Short names of ITU-T Q.850. 0 is Asterisk's own: the peer gave no cause, as most phones that hang up by SIP do."""
