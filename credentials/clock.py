"""The store's clock: expiry is decided by it, never by a caller's."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime."""


def utc_now() -> datetime:
    """Return the system's time as an aware datetime in UTC."""
    return datetime.now(UTC)
