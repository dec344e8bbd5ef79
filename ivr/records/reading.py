"""Finds calls in the database."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, select

from ivr.call.transcript import in_order
from ivr.records.model import (
    CallBegan,
    CallRecord,
    CallSummary,
    Fate,
    Hangup,
    KeyQuality,
    RecordedEntry,
    RtpQuality,
    ServiceState,
)
from ivr.records.queries import (
    Query,
    all_trunks,
    day_by_day,
    groups,
    ids_from,
    last_of_each_kind,
    latest_first,
    newest_keys,
)
from ivr.records.report import Report, Tally, tally_alike
from ivr.records.schema import call_entries, calls, services
from ivr.records.vitals import vitals_from_json
from ivr.records.writing import is_alive, mark_lost
from storage.clock import Clock
from storage.database import Database, database_border


class CallNotFound(Exception):  # noqa: N818 - reads as what it says
    """There is no such call, or no single one; the message says how to find it."""


class CallReader:
    """Finds calls. Methods block, and raise `StoreUnavailable` when the database cannot serve them.

    Args:
        database: with the schema of `ivr.records.schema`.
        clock: the time; by default the one that all hosts share.
    """

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or database.now

    @database_border
    def search(self, query: Query) -> list[CallSummary]:
        """The calls of a query, the latest first."""
        self._mark_lost()
        with self._database.reading() as connection:
            return [_summary(row) for row in connection.execute(latest_first(query))]

    @database_border
    def report(self, query: Query) -> Report:
        """Count the calls of a query, whatever its limit.

        The database counts: of 100,000 calls only some dozen counts are read.
        """
        self._mark_lost()
        with self._database.reading() as connection:
            first = query.since or connection.scalar(select(func.min(calls.c.began_at)))
            pieces = [query] if first is None else day_by_day(query, first, self._clock())
            rows = (row for piece in pieces for row in connection.execute(groups(piece)))
            return Report.of((row.trunk, _tally(row)) for row in rows)

    @database_border
    def in_progress(self) -> int:
        """How many calls go on."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(calls.c.outcome.is_(None))) or 0

    @database_border
    def trunks(self) -> list[str]:
        """All endpoints by which calls came."""
        with self._database.reading() as connection:
            return list(connection.scalars(all_trunks()))

    @database_border
    def keys(self, query: Query) -> list[KeyQuality]:
        """How well keys were heard: the `NEWEST_KEYS` latest of the latest calls of a query, whatever its limit."""
        with self._database.reading() as connection:
            return [_quality(json.loads(row.body)) for row in connection.execute(newest_keys(query, NEWEST_KEYS))]

    def only(self, beginning: str) -> CallRecord:
        """The one call whose id begins so.

        Raises:
            CallNotFound: none does, or several do.
        """
        found = self._ids(beginning)
        if len(found) > 1:
            raise CallNotFound(f"{beginning!r} begins several calls ({', '.join(found)}): write more of it")
        record = self.call(found[0]) if found else None
        if record is None:
            raise CallNotFound(f"no call {beginning!r}: `ivr calls` lists them")
        return record

    @database_border
    def _ids(self, beginning: str) -> list[str]:
        with self._database.reading() as connection:
            return list(connection.scalars(ids_from(beginning).limit(_SOME)))

    @database_border
    def call(self, call_id: str) -> CallRecord | None:
        """One call with its entries; None if there is none of that id."""
        self._mark_lost()
        with self._database.reading() as connection:
            row = connection.execute(select(calls).where(calls.c.call_id == call_id)).first()
            if row is None:
                return None
            of_call = select(call_entries).where(call_entries.c.call_id == call_id)
            entries = connection.execute(of_call.order_by(call_entries.c.position))
            timed = ((entry.at_s, entry) for entry in map(_entry, entries))
            ordered = in_order(timed, kind=lambda entry: entry.kind)
            return CallRecord(_summary(row), [entry for _, entry in ordered])

    @database_border
    def last_entries(self, call_ids: Sequence[str]) -> dict[str, dict[str, RecordedEntry]]:
        """The last entry of each kind, by call and kind."""
        found: dict[str, dict[str, RecordedEntry]] = {call_id: {} for call_id in call_ids}
        with self._database.reading() as connection:
            for row in connection.execute(last_of_each_kind(call_ids)):
                found[row.call_id][row.kind] = _entry(row)
        return found

    @database_border
    def services(self) -> list[ServiceState]:
        """The processes that answer calls, those that beat last first."""
        now, host = self._clock(), socket.gethostname()
        with self._database.reading() as connection:
            rows = connection.execute(select(services).order_by(services.c.beat_at.desc())).all()
        return [_service(row, alive=is_alive(row, now, host)) for row in rows]

    def _mark_lost(self) -> None:
        """So that who reads of a dead service's calls reads the truth, also where no service runs any more."""
        mark_lost(self._database, self._clock(), socket.gethostname())


NEWEST_KEYS: Final = 20_000
"""Enough for a histogram; all keys of 90 days would be read for minutes."""
_SOME: Final = 5


def _tally(row: Row[Any]) -> Tally:
    return tally_alike(
        row.number,
        outcome=row.outcome or Fate.IN_PROGRESS.value,
        reason=row.reason or "",
        step=row.step,
        all_well=bool(row.all_well),
        keys=row.keys_heard,
        missed=row.keys_missed,
    )


def _quality(body: Mapping[str, Any]) -> KeyQuality:
    figures = body["figures"] or {}
    return KeyQuality(
        source=body.get("source", ""),
        failed=body.get("failed"),
        level_dbm0=figures.get("level_dbm0"),
        twist_db=figures.get("twist_db"),
        snr_db=figures.get("snr_db"),
    )


def _summary(row: Row[Any]) -> CallSummary:
    has_hangup = row.hangup_text is not None
    rtp = RtpQuality(lost_percent=row.rtp_lost_percent, jitter_ms=row.rtp_jitter_ms, rtt_ms=row.rtp_rtt_ms)
    has_rtp = any(value is not None for value in (rtp.lost_percent, rtp.jitter_ms, rtp.rtt_ms))
    return CallSummary(
        began=CallBegan(
            call_id=row.call_id,
            channel_id=row.channel_id,
            trunk=row.trunk,
            began_at=row.began_at,
            caller=row.caller,
            language=row.language,
        ),
        service_id=row.service_id,
        ended_at=row.ended_at,
        unit=row.unit,
        target=row.target,
        step=row.step,
        outcome=row.outcome or Fate.IN_PROGRESS.value,
        reason=row.reason or "",
        wrong_entries=row.wrong_entries,
        silences=row.silences,
        keys=row.keys,
        missed=row.missed,
        hangup=Hangup(cause=row.hangup_cause, text=row.hangup_text) if has_hangup else None,
        rtp=rtp if has_rtp else None,
    )


def _entry(row: Row[Any]) -> RecordedEntry:
    return RecordedEntry(row.position, row.at_s, row.kind, json.loads(row.body))


def _service(row: Row[Any], *, alive: bool) -> ServiceState:
    return ServiceState(
        service_id=row.service_id,
        host=row.host,
        pid=row.pid,
        started_at=row.started_at,
        beat_at=row.beat_at,
        stopped_at=row.stopped_at,
        vitals=vitals_from_json(json.loads(row.health)),
        alive=alive,
    )
