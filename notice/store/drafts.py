"""Files that were rehearsed and wait for the button that stores them, inside the caller's transaction.

They wait in the database, because the button may be pressed at another process of the site than the one that took the
file.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from notice.store.schema import drafts as table
from storage.clock import latest_at

LIFETIME: Final = timedelta(hours=1)


def store(connection: Connection, session: str, content: bytes, seen: str, now: datetime) -> str:
    """Store a file in place of any earlier one of its session, remove those that are too old, and return its id."""
    connection.execute(delete(table).where(table.c.session == session))
    forget(connection, now)
    draft_id = uuid.uuid4().hex
    row = {"draft_id": draft_id, "session": session, "made_at": now, "content": content, "seen": seen}
    connection.execute(insert(table).values(row))
    return draft_id


def forget(connection: Connection, now: datetime) -> None:
    """Remove the files that are too old to be taken: they hold addresses and names."""
    connection.execute(delete(table).where(table.c.made_at <= now - LIFETIME))


def find(connection: Connection, session: str, draft_id: str, now: datetime) -> tuple[bytes, str] | None:
    """Return a file of a session with what was seen; None if there is none, or it is too old."""
    row = connection.execute(select(table).where(_is(session, draft_id))).one_or_none()
    if row is None or not now - LIFETIME < row.made_at <= latest_at(now):
        return None
    return row.content, row.seen


def take(connection: Connection, session: str, draft_id: str, now: datetime) -> tuple[bytes, str] | None:
    """Remove a file of a session, and return what `find` returns."""
    found = find(connection, session, draft_id, now)
    if found is not None:
        connection.execute(delete(table).where(_is(session, draft_id)))
    return found


def _is(session: str, draft_id: str) -> ColumnElement[bool]:
    return (table.c.draft_id == draft_id) & (table.c.session == session)
