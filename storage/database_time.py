"""How far this host's clock is from the database's.

What the store notes, it notes by the database's clock (`storage.shared_clock`). But a host's logs and its
exchange's call notices have its own, so somebody must be told if it is wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from storage.clock import utc_now

TOLERATED_S: Final = 2.0
"""How far a host's clock may be from the database's before somebody is told. NTP keeps hosts within some 0.01 s."""


def database_time(connection: Connection) -> datetime:
    """Return the database's own time: PostgreSQL's clock, or this host's, where the database is a file of it."""
    if connection.dialect.name != "postgresql":
        return utc_now()
    there: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return there.astimezone(UTC)


def seconds_ahead(connection: Connection) -> float | None:
    """Return by how many seconds this host's clock is ahead of the database's; less than 0 if it is behind.

    It is exact to half the time that the question takes. It is None where the database is a file of this host.
    """
    if connection.dialect.name != "postgresql":
        return None
    before = utc_now()
    there = database_time(connection)
    after = utc_now()
    return (before + (after - before) / 2 - there).total_seconds()
