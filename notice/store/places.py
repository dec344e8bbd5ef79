"""How far the journals were read, inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from notice.journal.place import Place
from notice.store.schema import journals
from storage.database import insert_into


def find(connection: Connection, exchange: str) -> Place:
    """Return where to read on in the journal of an exchange; its very start if it was never read."""
    row = connection.execute(select(journals).where(journals.c.exchange == exchange)).one_or_none()
    return Place() if row is None else Place(row.file, row.offset)


def look(connection: Connection, exchange: str, now: datetime) -> None:
    """Note that somebody reads the journal of an exchange, whether or not there is something new in it."""
    adding = insert_into(connection, journals).values(exchange=exchange, file="", offset=0, read_at=now)
    connection.execute(adding.on_conflict_do_update(index_elements=["exchange"], set_={"read_at": now}))


def keep(connection: Connection, exchange: str, place: Place, now: datetime) -> None:
    """Note where to read on."""
    row = {"file": place.file, "offset": place.offset, "read_at": now}
    adding = insert_into(connection, journals).values(exchange=exchange, **row)
    connection.execute(adding.on_conflict_do_update(index_elements=["exchange"], set_=row))
