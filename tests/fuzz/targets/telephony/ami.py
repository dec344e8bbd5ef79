"""AMI: odd messages end the connection with a reason, or reach us as fields; the report of a call's end is read."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from ivr.telephony.ami.channel_end import channel_end, rtp_figures
from ivr.telephony.ami.connection import MESSAGE_CHARACTERS, TURN_BYTES, AmiConnection, AmiLogin, Fields
from ivr.telephony.ami.login import login_fields
from tests.fuzz.inputs import fields_of, in_pieces, split_head, stretched, text_of

_CUTS = 4
_GREETING = b"Asterisk Call Manager/9.0.0\r\n"
_LOOP = asyncio.new_event_loop()
_HEARD_ON_THE_LOOP = TURN_BYTES
"""A longer piece is handled in turns, which need the loop to run."""


def one_input(data: bytes) -> None:
    cuts, rest = split_head(data, _CUTS)
    stream = stretched(rest, 3 * TURN_BYTES)
    _reads_the_end(text_of(stream))
    _LOOP.run_until_complete(_heard_twice(stream, cuts))


async def _heard_twice(stream: bytes, cuts: bytes) -> None:
    cut = _heard(in_pieces(stream, cuts))
    if stream.isascii():  # panoramisk decodes each piece alone
        assert cut == _heard(in_pieces(stream, [_HEARD_ON_THE_LOOP]))


def _heard(pieces: list[bytes]) -> tuple[list[Fields], list[str]]:
    events: list[Fields] = []
    connection = AmiConnection(AmiLogin(host="h", port=1, user="u", secret="s"), events.append, 1.0)
    protocol = connection._protocol  # what asyncio's transport gives the octets to
    protocol.connection_made(_Transport())
    answer = connection._send("Ping", {}).future
    for piece in [_GREETING, *pieces]:
        for part in in_pieces(piece, [_HEARD_ON_THE_LOOP]):
            if not connection.lost.done():
                protocol.data_received(part)
    assert sum(map(len, getattr(protocol, "queue", ()))) <= MESSAGE_CHARACTERS
    for event in events:
        for name, value in event.items():
            assert isinstance(name, str)
            assert isinstance(value, str)
            assert name == name.lower()
        channel_end(event)
    lost = [connection.lost.result()] if connection.lost.done() else []
    connection.close()
    answer.cancel()
    return events, lost


class _Transport:
    def write(self, data: bytes) -> None:
        """Send nothing."""

    def abort(self) -> None:
        """There is nothing to close."""

    def pause_reading(self) -> None:
        """It comes as it is given."""

    def resume_reading(self) -> None:
        """It comes as it is given."""


def _reads_the_end(text: str) -> None:
    cause, rtp, challenge = fields_of(text, 3)
    end = channel_end({"cause": cause, "rtp": rtp})
    assert end.text
    assert end.cause is None or 0 <= end.cause <= 127
    figures = rtp_figures(rtp)
    assert figures == end.rtp
    if figures is not None:
        assert figures.received >= 0
        assert figures.lost is None or figures.lost >= 0
        percent = figures.lost_percent
        assert percent is None or 0 <= percent <= 100
        for each in (figures.jitter_ms, figures.rtt_ms):
            assert each is None or each >= 0
    _proves(challenge)


def _proves(challenge: str) -> None:
    """A challenge came in UTF-8, so it has no halves of characters."""
    if not any("\ud800" <= letter <= "\udfff" for letter in challenge):
        fields: dict[str, Any] = login_fields("u", "s", challenge)
        assert fields["Key"] == hashlib.md5(f"{challenge}s".encode(), usedforsecurity=False).hexdigest()
