"""The outbox's clock.

On PostgreSQL it is the server's. A lease is a sender's turn at a letter; were it judged by the clocks of several hosts,
which may be minutes apart, a sender could take a letter that another one is just sending.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage.clock import Clock
from storage.database_time import database_time


def moment_of(connection: Connection, clock: Clock | None) -> datetime:
    """Return the present moment.

    Args:
        connection: the transaction that asks.
        clock: a clock that decides instead, for tests.
    """
    if clock is not None:
        return clock()
    return database_time(connection)
