"""How far the rehearsals of files are, and what they found (docs/rules.md 3.15), inside the caller's transaction.

They stand in the database, because a page may ask another process of the site than the one that rehearses. That one
notes every second that it is still at work: if it has ended, the page says so instead of waiting for ever.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from credentials.one_time.drafts import LIFETIME
from credentials.one_time.found import Found
from credentials.schema import one_time_rehearsals as table
from storage.clock import latest_at

SILENT_FOR: Final = timedelta(seconds=15)
"""After so long without a note, whoever rehearsed is no longer at work."""
_REMOVED_AT_ONCE: Final = 10


@dataclass(frozen=True)
class RehearsalState:
    """How far a session's rehearsal is.

    Attributes:
        done: how many confirmation passwords are hashed.
        total: how many there are; 0 while it waits for its turn.
        interrupted: whether whoever rehearsed has ended before it was done.
        found: what it found; None if it is not done.
    """

    done: int
    total: int
    interrupted: bool
    found: Found | None


def start(connection: Connection, session: str, now: datetime) -> str | None:
    """Note that a rehearsal waits or runs, in place of its session's earlier one.

    Returns:
        Its id; None if an earlier one of the session still runs.
    """
    earlier = find(connection, session, now)
    if earlier is not None and earlier.found is None and not earlier.interrupted:
        return None
    old = select(table.c.session).where(table.c.started_at <= now - LIFETIME).limit(_REMOVED_AT_ONCE)
    gone = connection.scalars(old.with_for_update(skip_locked=True)).all()
    connection.execute(delete(table).where(table.c.session.in_([session, *gone])))
    rehearsal_id = uuid.uuid4().hex
    new = {"session": session, "rehearsal_id": rehearsal_id, "started_at": now, "noted_at": now, "done": 0, "total": 0}
    connection.execute(insert(table).values(new))
    return rehearsal_id


def note(connection: Connection, rehearsal_id: str, done: int, total: int, now: datetime) -> None:
    """Note that a rehearsal is still at work, and how far it is; of one that is not the latest, nothing."""
    this = (table.c.rehearsal_id == rehearsal_id) & table.c.found.is_(None)
    connection.execute(update(table).where(this).values(done=done, total=total, noted_at=now))


def end(connection: Connection, rehearsal_id: str, found: Found) -> None:
    """Note what a rehearsal found; of one that is not the latest, nothing."""
    this = table.c.rehearsal_id == rehearsal_id
    connection.execute(update(table).where(this).values(found=found.to_text()))


def find(connection: Connection, session: str, now: datetime) -> RehearsalState | None:
    """Return how far a session's rehearsal is; None if it has none, or one that is too old."""
    row = connection.execute(select(table).where(table.c.session == session)).one_or_none()
    if row is None or not now - LIFETIME < row.started_at <= latest_at(now):
        return None
    found = None if row.found is None else Found.from_text(row.found)
    interrupted = found is None and not now - SILENT_FOR < row.noted_at <= latest_at(now)
    return RehearsalState(row.done, row.total, interrupted, found)


def remove(connection: Connection, session: str) -> None:
    """Remove a session's rehearsal."""
    connection.execute(delete(table).where(table.c.session == session))
