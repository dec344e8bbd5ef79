"""Rehearsed files that wait for the button (docs/rules.md 3.15), inside the caller's transaction.

They wait in the database, because the button may be pressed at another process of the site than the one that took the
file. They hold hashes, never a confirmation password.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from credentials.one_time.choices import NewChoice
from credentials.schema import one_time_draft_rows as row_table
from credentials.schema import one_time_drafts as table
from credentials.secrets.hashing import KeyedHash
from storage.clock import latest_at

LIFETIME: Final = timedelta(hours=1)
_ROWS_AT_ONCE: Final = 2000
_REMOVED_AT_ONCE: Final = 10


@dataclass(frozen=True)
class DraftRow:
    """What a file changes for one number.

    Attributes:
        new: the choice to store; without a hash it keeps the confirmation password that it has.
        version_seen: the version of the choice when the file was rehearsed; None if there was none.
    """

    new: NewChoice
    version_seen: str | None


def store(connection: Connection, session: str, rows: Sequence[DraftRow], now: datetime) -> str:
    """Store a draft in place of any earlier one of its session, and return its id."""
    connection.execute(delete(table).where(table.c.session == session))
    old = select(table.c.draft_id).where(table.c.made_at <= now - LIFETIME).limit(_REMOVED_AT_ONCE)
    gone = connection.scalars(old.with_for_update(skip_locked=True)).all()
    connection.execute(delete(table).where(table.c.draft_id.in_(gone)))
    draft_id = uuid.uuid4().hex
    connection.execute(insert(table).values(draft_id=draft_id, session=session, made_at=now))
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        chunk = rows[begin : begin + _ROWS_AT_ONCE]
        connection.execute(insert(row_table), [_stored(draft_id, row) for row in chunk])
    return draft_id


def take(connection: Connection, session: str, draft_id: str, now: datetime) -> list[DraftRow] | None:
    """Remove a draft of a session and return its rows; None if the session has no such draft, or it is too old."""
    mine = (table.c.draft_id == draft_id) & (table.c.session == session)
    made_at = connection.scalar(select(table.c.made_at).where(mine))
    if made_at is None or not now - LIFETIME < made_at <= latest_at(now):
        return None
    wanted = select(row_table).where(row_table.c.draft_id == draft_id).order_by(row_table.c.number)
    rows = [
        DraftRow(
            NewChoice(
                number=row.number,
                used=row.used,
                address=row.address,
                provisional_address=row.provisional_address,
                confirmation_id=row.confirmation_id,
                confirmation=None if row.confirmation_hash is None else KeyedHash(row.confirmation_hash, row.key_id),
            ),
            row.version_seen,
        )
        for row in connection.execute(wanted)
    ]
    connection.execute(delete(table).where(mine))
    return rows


def _stored(draft_id: str, row: DraftRow) -> dict[str, object]:
    new = row.new
    return {
        "draft_id": draft_id,
        "number": new.number,
        "version_seen": row.version_seen,
        "used": new.used,
        "address": new.address,
        "provisional_address": new.provisional_address,
        "confirmation_id": new.confirmation_id,
        "confirmation_hash": None if new.confirmation is None else new.confirmation.hash,
        "key_id": None if new.confirmation is None else new.confirmation.key_id,
    }
