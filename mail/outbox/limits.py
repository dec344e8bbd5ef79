"""How many letters may be asked for: by a number, for an address, and from a client's network.

The count holds under races: whoever adds a letter first waits for everyone who is just adding one of the same number,
address or client, until they have committed. (On SQLite writers wait for each other in any case.)

They wait in `_QUEUES` queues, which numbers, addresses and clients share by chance: a transaction that adds 20,000
letters would otherwise take more locks than a PostgreSQL server has. Whoever adds several letters takes all locks at
once, in their order. Two that took them letter by letter could wait for each other.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, text

from mail.addresses import counted_as
from mail.letter import Letter, Purpose
from mail.outbox.schema import letters
from storage.clock import latest_at

_ADVISORY_CLASS: Final = 0x6D61696C  # any number that is ours alone; "mail"
_QUEUES: Final = 512
_SUBJECTS_AT_ONCE: Final = 1000
_TAKE_TURNS: Final = text(
    # Row by row, in the order of the array.
    "SELECT pg_advisory_xact_lock(:class, queue) FROM unnest(CAST(:queues AS integer[])) AS queue"
)


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


def require_within(connection: Connection, added: Sequence[Letter], limits: MailLimits, now: datetime) -> None:
    """Check that letters are within the limits, and keep others from adding of the same kind until we commit.

    Raises:
        LimitReached: they are not, together.
    """
    rates = {
        Limit.NUMBER: limits.of_a_number,
        Limit.ADDRESS: limits.of_an_address,
        Limit.CLIENT: limits.of_a_client,
    }
    counted = [subject for letter in added if letter.purpose is not Purpose.NOTICE for subject in _subjects(letter)]
    _wait_in(connection, {_queue_of(*subject) for subject in counted})
    reached: list[tuple[datetime, Limit]] = []
    for limit in Limit:
        more = Counter(subject for by, subject in counted if by is limit)
        earlier = _latest_first(connection, limit, more, rates[limit], now)
        # The last of the new letters comes after all others.
        moments = [_possible_at([now] * (more[one] - 1) + earlier.get(one, []), rates[limit], now) for one in more]
        reached += [(moment, limit) for moment in moments if moment > now]
    if reached:
        possible_at, limit = max(reached)
        raise LimitReached(limit, possible_at)


def _subjects(letter: Letter) -> Iterator[tuple[Limit, str]]:
    if letter.number:
        yield Limit.NUMBER, letter.number
    yield Limit.ADDRESS, counted_as(letter.to)
    if letter.client:
        yield Limit.CLIENT, letter.client


def _queue_of(limit: Limit, subject: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{limit} {subject}".encode()).digest()[:4]) % _QUEUES


def _wait_in(connection: Connection, queues: Collection[int]) -> None:
    """Wait for the others on PostgreSQL. The locks end with the transaction."""
    if connection.dialect.name == "postgresql" and queues:
        connection.execute(_TAKE_TURNS, {"class": _ADVISORY_CLASS, "queues": sorted(queues)})


def _latest_first(
    connection: Connection, limit: Limit, subjects: Collection[str], rates: Sequence[Rate], now: datetime
) -> Mapping[str, list[datetime]]:
    """Return when those letters of each subject were added that still count, the latest first."""
    found: dict[str, list[datetime]] = {}
    if not rates:
        return found
    column = {
        Limit.NUMBER: letters.c.number,
        Limit.ADDRESS: letters.c.counted_as,
        Limit.CLIENT: letters.c.client,
    }[limit]
    asked = list(subjects)
    for begin in range(0, len(asked), _SUBJECTS_AT_ONCE):
        rows = connection.execute(
            select(column.label("subject"), letters.c.created_at)
            .where(
                column.in_(asked[begin : begin + _SUBJECTS_AT_ONCE]),
                letters.c.purpose != Purpose.NOTICE.value,
                letters.c.created_at > now - max(rate.within for rate in rates),
                letters.c.created_at <= latest_at(now),
            )
            .order_by(letters.c.created_at.desc())
        )
        for row in rows:
            found.setdefault(row.subject, []).append(row.created_at)
    return found


def _possible_at(latest_first: Sequence[datetime], rates: Sequence[Rate], now: datetime) -> datetime:
    """Return from when on the rates permit one letter after these."""
    free = [latest_first[rate.count - 1] + rate.within for rate in rates if len(latest_first) >= rate.count]
    return max(free, default=now)
