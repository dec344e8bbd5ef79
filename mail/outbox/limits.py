"""How many letters may be asked for: by a number, for an address, and from a client's network.

The count holds under races: whoever adds a letter first waits for everyone who is just adding one of the same number,
address or client, until they have committed. (On SQLite writers wait for each other in any case.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select

from mail.addresses import counted_as
from mail.letter import Letter, Purpose
from mail.outbox.schema import letters
from storage.clock import latest_at

_ADVISORY_CLASS: Final = 0x6D61696C  # any number that is ours alone; "mail"


class Limit(StrEnum):
    """What letters are counted by."""

    NUMBER = "number"
    ADDRESS = "address"
    CLIENT = "client"


class LimitReached(Exception):  # noqa: N818 - reads as what it says
    """Too many letters were asked for. Nothing was written.

    Attributes:
        limit: which limit it was; of several, the one that lasts longest.
        possible_at: when the next letter is possible.
    """

    def __init__(self, limit: Limit, possible_at: datetime) -> None:
        super().__init__(f"too many mails by {limit}: the next is possible at {possible_at.isoformat()}")
        self.limit = limit
        self.possible_at = possible_at


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of letters within a time.

    Attributes:
        count: how many, at least 1.
        within: the time.
    """

    count: int
    within: timedelta

    def __post_init__(self) -> None:
        if self.count < 1 or self.within <= timedelta(0):
            raise ValueError(f"a rate is one letter or more within a time; not {self.count} within {self.within}")


_OF_ONE: Final = (Rate(5, timedelta(minutes=10)), Rate(20, timedelta(days=1)))
_OF_A_CLIENT: Final = (Rate(20, timedelta(minutes=10)), Rate(100, timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLimits:
    """The limits; each may be several rates that hold together.

    Attributes:
        of_a_number: letters about one telephone number.
        of_an_address: letters to one address, however it is written.
        of_a_client: letters that one network asked for.
    """

    of_a_number: Sequence[Rate] = _OF_ONE
    of_an_address: Sequence[Rate] = _OF_ONE
    of_a_client: Sequence[Rate] = _OF_A_CLIENT


def require_within(connection: Connection, letter: Letter, limits: MailLimits, now: datetime) -> None:
    """Check that one more letter is within the limits, and keep others from adding of the same kind until we commit.

    Raises:
        LimitReached: it is not.
    """
    if letter.purpose is Purpose.NOTICE:
        return
    counted = list(_counted(letter, limits))
    _queue(connection, [(limit, subject) for limit, subject, _ in counted])
    reached = [
        (possible_at, limit)
        for limit, subject, rates in counted
        if (possible_at := _possible_at(connection, limit, subject, rates, now)) > now
    ]
    if reached:
        possible_at, limit = max(reached)
        raise LimitReached(limit, possible_at)


def _counted(letter: Letter, limits: MailLimits) -> Iterator[tuple[Limit, str, Sequence[Rate]]]:
    if letter.number:
        yield Limit.NUMBER, letter.number, limits.of_a_number
    yield Limit.ADDRESS, counted_as(letter.to), limits.of_an_address
    if letter.client:
        yield Limit.CLIENT, letter.client, limits.of_a_client


def _queue(connection: Connection, subjects: Sequence[tuple[Limit, str]]) -> None:
    """Wait for the others on PostgreSQL. The locks end with the transaction; all take them in the same order."""
    if connection.dialect.name != "postgresql":
        return
    digests = (hashlib.sha256(f"{limit} {subject}".encode()).digest() for limit, subject in subjects)
    for number in sorted({int.from_bytes(digest[:4], signed=True) for digest in digests}):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_CLASS}, {number})")


def _possible_at(connection: Connection, limit: Limit, subject: str, rates: Sequence[Rate], now: datetime) -> datetime:
    """Return from when on the rates permit one more letter."""
    if not rates:
        return now
    column = {
        Limit.NUMBER: letters.c.number,
        Limit.ADDRESS: letters.c.counted_as,
        Limit.CLIENT: letters.c.client,
    }[limit]
    latest_first = connection.scalars(
        select(letters.c.created_at)
        .where(
            column == subject,
            letters.c.purpose != Purpose.NOTICE.value,
            letters.c.created_at > now - max(rate.within for rate in rates),
            letters.c.created_at <= latest_at(now),
        )
        .order_by(letters.c.created_at.desc())
        .limit(max(rate.count for rate in rates))
    ).all()
    free = [latest_first[rate.count - 1] + rate.within for rate in rates if len(latest_first) >= rate.count]
    return max(free, default=now)
