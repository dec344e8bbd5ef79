"""Whether a journal is read: when its reader last looked, and which calls wait for their verdict.

The journal is read here as its reader reads it, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from notice.calls.judging import Verdict
from notice.calls.open_calls import OpenCalls
from notice.journal.file import JournalGone, read_on
from notice.journal.lines import BadLine, read_line
from notice.journal.place import Place
from notice.store import places, verdicts
from notice.store.schema import NOTICE, calls, journals
from storage.database import Database, database_border
from storage.migrate import current_revision

_MOST_STEPS: Final = 40
"""How many quarters of a megabyte are read: some twenty thousand lines say enough."""


class LagProbe:
    """Finds out again and again how far the reader of a journal is behind, on a database connection of its own.

    Args:
        url: the store's database; nothing is made or upgraded there.
        path: the journal.
        exchange: the exchange's name.
    """

    def __init__(self, url: str, path: Path, exchange: str) -> None:
        self._url = url
        self._path = path
        self._exchange = exchange
        self._database: Database | None = None

    @database_border
    def __call__(self, now: datetime) -> Lag | None:
        """Find out how far it is behind; None if the store has no call notices yet.

        Args:
            now: the present moment.

        Raises:
            StorageError: the store cannot be asked.
            OSError: the journal cannot be read.
        """
        if self._database is None:
            self._database = Database(self._url, make=False)
        if current_revision(self._database, NOTICE) is None:
            return None
        with self._database.reading() as connection:
            return lag_of(connection, self._path, self._exchange, now)

    def close(self) -> None:
        """Close the connection."""
        if self._database is not None:
            self._database.close()
            self._database = None


@dataclass(frozen=True)
class Lag:
    """How far the reader of a journal is behind.

    Attributes:
        looked_at: when the reader last looked at the journal; None if it never did.
        waiting: how many calls the journal tells of that have stopped ringing and have no verdict in the store.
        oldest_at: when the first of them stopped ringing; None if there is none.
    """

    looked_at: datetime | None
    waiting: int = 0
    oldest_at: datetime | None = None


def lag_of(connection: Connection, path: Path, exchange: str, now: datetime) -> Lag:
    """Find out how far the reader of a journal is behind.

    Args:
        connection: a transaction.
        path: the journal.
        exchange: the exchange's name.
        now: the present moment.

    Raises:
        OSError: the journal cannot be read.
    """
    looked_at = connection.scalar(select(journals.c.read_at).where(journals.c.exchange == exchange))
    found = {
        verdicts.call_id_of(each.call, each.number): _stopped_at(each)
        for each in _verdicts(path, places.find(connection, exchange), now)
        if each.began_at > now - verdicts.KEPT
    }
    known = connection.scalars(select(calls.c.call_id).where(calls.c.call_id.in_(found))).all()
    left = [moment for call_id, moment in found.items() if call_id not in set(known)]
    return Lag(looked_at, len(left), min(left, default=None))


def _verdicts(path: Path, place: Place, now: datetime) -> Iterator[Verdict]:
    going_on = OpenCalls()
    for _ in range(_MOST_STEPS):
        try:
            pieces = list(read_on(path, place))
        except JournalGone as gone:
            place = gone.place
            continue
        if not pieces:
            yield from going_on.pass_time(now)
            return
        for piece in pieces:
            place = piece.after
            try:
                line = read_line(piece.raw)
            except BadLine:  # the reader tells
                continue
            if line is not None:
                yield from going_on.take(line, piece.place)


def _stopped_at(verdict: Verdict) -> datetime:
    return verdict.began_at + timedelta(milliseconds=verdict.ringing_ms or 0)
