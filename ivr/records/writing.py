"""Writes calls into the database."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Table, bindparam, delete, select, update
from sqlalchemy.exc import DataError, IntegrityError

from ivr.records.changes import Change, ChannelEnded, EntryNoted, Progress, ServiceBeat
from ivr.records.model import CallBegan, Fate
from ivr.records.schema import call_entries, calls, services
from ivr.records.vitals import BEAT_S
from storage.clock import Clock
from storage.database import Database, database_border, insert_into

_log = structlog.get_logger(__name__)

GONE_AFTER: Final = timedelta(seconds=6 * BEAT_S)
"""A service on another host that has not reported for this long has ended."""
MUTE_AFTER: Final = timedelta(hours=1)
"""How long the database may have been away, or a clock wrong. After that the process of that number is another one."""
FORGOTTEN_AT_ONCE: Final = 200
"""How many old calls one transaction removes.

The store is in the same database: while records are being removed from SQLite no password can be set. 200 calls of 25
entries each take about 35 ms. All calls of a month at once took 14 s, longer than a caller's password waits. A
PostgreSQL would cancel such a transaction after its statement timeout, and never be rid of the calls.
"""
REFUSED: Final = (IntegrityError, DataError, UnicodeError)
"""The errors by which a database refuses a change for good."""


class CallWriter:
    """Writes the changes of one service.

    Every method raises `StoreUnavailable` if the database cannot serve it; then nothing was changed.

    Args:
        database: a database with the schema of `ivr.records.schema`.
        service_id: names the process.
        host: the host that it runs on.
        pid: its process id there.
        clock: gives the time; by default the one that all hosts share.
    """

    def __init__(self, database: Database, *, service_id: str, host: str, pid: int, clock: Clock | None = None) -> None:
        self._database = database
        self._service_id = service_id
        self._host = host
        self._pid = pid
        self._clock = clock or database.now
        self._started_at = self._clock()

    @database_border
    def write(self, changes: Sequence[Change]) -> int:
        """Write changes in their order. Writing the same ones again changes nothing.

        Returns:
            How many changes the database refuses for good (such as an entry of a call that it does not know); the
            others are written.
        """
        try:
            self._write(changes)
        except REFUSED:
            return sum(self._is_refused(change) for change in changes)
        return 0

    def _is_refused(self, change: Change) -> bool:
        try:
            self._write([change])
        except REFUSED as error:
            _log.error("record_refused", change=type(change).__name__, problem=type(error).__name__)
            return True
        return False

    def _write(self, changes: Sequence[Change]) -> None:
        """Write all changes or none: calls before what belongs to them, and all of a kind by one statement."""
        began = [self._row_of_call(change) for change in changes if isinstance(change, CallBegan)]
        entries = [_row_of_entry(change) for change in changes if isinstance(change, EntryNoted)]
        latest = {change.call_id: change for change in changes if isinstance(change, Progress)}
        with self._database.writing() as connection:
            _insert(connection, calls, began)
            _insert(connection, call_entries, entries)
            _update_calls(connection, latest.values())
            for change in changes:
                match change:
                    case ChannelEnded():
                        self._channel_ended(connection, change)
                    case ServiceBeat():
                        self._beat(connection, change)

    @database_border
    def mark_lost(self) -> int:
        """Mark the calls whose service has ended; returns how many."""
        return mark_lost(self._database, self._clock(), self._host)

    @database_border
    def forget_before(self, moment: datetime) -> int:
        """Remove some of the finished calls that started before `moment`, the oldest first, and services that ended
        before it.

        Returns:
            How many calls were removed, `FORGOTTEN_AT_ONCE` at most; 0 if none are left.
        """
        old = select(calls.c.call_id).where(calls.c.outcome.is_not(None), calls.c.began_at < moment)
        some = old.order_by(calls.c.began_at).limit(FORGOTTEN_AT_ONCE)
        with self._database.writing() as connection:
            # calls that another service is removing at this moment are left to it (SQLite has one writer anyway)
            found = list(connection.scalars(some.with_for_update(skip_locked=True)))
            if found:  # for an empty list PostgreSQL may read all calls
                connection.execute(delete(calls).where(calls.c.call_id.in_(found)))
            connection.execute(delete(services).where(services.c.beat_at < moment))
        return len(found)

    def _row_of_call(self, call: CallBegan) -> dict[str, object]:
        counts = dict.fromkeys(("wrong_entries", "silences", "keys", "missed"), 0)
        return {**asdict(call), **counts, "service_id": self._service_id, "step": "admission"}

    def _channel_ended(self, connection: Connection, change: ChannelEnded) -> None:
        values: dict[str, Any] = {"hangup_cause": change.hangup.cause, "hangup_text": change.hangup.text}
        if change.rtp is not None:
            values |= {f"rtp_{name}": value for name, value in asdict(change.rtp).items()}
        connection.execute(update(calls).where(calls.c.call_id == change.call_id).values(**values))

    def _beat(self, connection: Connection, beat: ServiceBeat) -> None:
        now = self._clock()
        values = {
            "beat_at": now,
            "stopped_at": now if beat.stopped else None,
            "health": json.dumps(beat.vitals.as_json(), ensure_ascii=False),
        }
        known = update(services).where(services.c.service_id == self._service_id).values(**values)
        if not connection.execute(known).rowcount:
            self._outlive(connection, now)
            own = {"service_id": self._service_id, "host": self._host, "pid": self._pid}
            _insert(connection, services, [{**own, "started_at": self._started_at, **values}])

    def _outlive(self, connection: Connection, now: datetime) -> None:
        """Note that the services that had our process id on our host have ended, because we have it now.

        A container that is started again in place keeps its host's name and process id 1. The killed process would seem
        to live. (If two hosts have one name, and the other's service lives, its next beat says so.)
        """
        had_ours = services.c.host == self._host, services.c.pid == self._pid
        others = services.c.service_id != self._service_id, services.c.stopped_at.is_(None)
        connection.execute(update(services).where(*had_ours, *others).values(stopped_at=now))


def mark_lost(database: Database, now: datetime, host: str) -> int:
    """Mark the calls in progress of services that have ended; returns how many.

    Args:
        database: a database with the schema of `ivr.records.schema`.
        now: the time.
        host: this host, where a process that has ended can be told from a slow one.
    """
    with database.reading() as connection:
        gone = _gone_services(connection, now, host)
    if not gone:
        return 0
    with database.writing() as connection:
        lost = update(calls).where(calls.c.outcome.is_(None), calls.c.service_id.in_(gone))
        return connection.execute(lost.values(outcome=Fate.LOST.value, reason="service_ended")).rowcount


def _gone_services(connection: Connection, now: datetime, host: str) -> list[str]:
    """Find the services that have ended and left calls in progress."""
    in_progress = select(calls.c.service_id).where(calls.c.outcome.is_(None)).distinct().subquery()
    found = connection.execute(
        select(in_progress.c.service_id.label("of_call"), services).join_from(
            in_progress, services, in_progress.c.service_id == services.c.service_id, isouter=True
        )
    )
    return [row.of_call for row in found if row.service_id is None or not is_alive(row, now, host)]


def is_alive(service: Any, now: datetime, host: str) -> bool:
    """Whether a service (a row) still runs: its process decides on its own host, its beat on another."""
    if service.stopped_at is not None:
        return False
    silent: timedelta = now - service.beat_at
    if service.host == host:
        return silent < MUTE_AFTER and _runs(service.pid)
    return silent < GONE_AFTER


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and nobody has taken its status: a worker whose service was killed may stay so."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:1]
    except OSError:
        return False
    return state == ["Z"]


def _row_of_entry(change: EntryNoted) -> dict[str, object]:
    entry = change.entry
    return {
        "call_id": change.call_id,
        "position": entry.position,
        "at_s": entry.at_s,
        "kind": entry.kind,
        "body": json.dumps(dict(entry.body), ensure_ascii=False),
    }


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, or leave those that exist: after a commit whose answer was lost they are written again."""
    if rows:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), rows)


def _update_calls(connection: Connection, progress: Collection[Progress]) -> None:
    rows = [asdict(change) for change in progress]
    for row in rows:
        row["of_call"] = row.pop("call_id")
    if rows:
        connection.execute(update(calls).where(calls.c.call_id == bindparam("of_call")), rows)
