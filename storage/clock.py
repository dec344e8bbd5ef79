"""The store's clock. It decides about expiry; a clock that a client has never does (docs/rules.md 4.5).

A clock can be set back. Moments that were stored before then lie in the future, and count for longer by the time that
the clock was set back: set back by a day, a line that is refused for an hour stays refused for a day, and a temporary
password is good for two. So a stored moment that lies further in the future than the clocks of several hosts can be
apart comes from a wrong clock, and does not count.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime."""

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far apart the clocks of hosts that share a store may be; Kerberos allows as much (`clockskew` in krb5.conf)."""


def latest_at(now: datetime) -> datetime:
    """Return the latest stored moment that counts; a later one comes from a wrong clock."""
    return now + CLOCKS_APART


def days(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a time into days, the last of which may be shorter; nothing if it does not end after its start.

    Whoever counts what happened in a long time counts it day by day: a statement that counts a carrier's three months
    would run longer than one may.
    """
    while begin < end:
        following = min(begin + timedelta(days=1), end)
        yield begin, following
        begin = following


def utc_now() -> datetime:
    """Return the system's time as an aware datetime in UTC."""
    return datetime.now(UTC)
