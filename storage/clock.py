"""The store's clock: expiry is decided by it, never by a caller's (docs/rules.md 4.5).

A clock can be set back. What was noted before then lies in the future, and would count for as long as the clock was set
back and longer: a line refused for an hour stays so for a day, and a temporary password is good for two. So a moment
that is later than the clocks of several hosts can be apart was noted by a wrong clock, and does not count.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime."""

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clocks of hosts with one store may be apart; Kerberos allows as much (`clockskew` in krb5.conf)."""


def latest_at(now: datetime) -> datetime:
    """Return the latest moment that can have been noted by now; one that is later does not count."""
    return now + CLOCKS_APART


def utc_now() -> datetime:
    """Return the system's time as an aware datetime in UTC."""
    return datetime.now(UTC)
