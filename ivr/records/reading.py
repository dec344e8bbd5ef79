"""Finds calls in the database."""

from __future__ import annotations

import json
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, or_, select

from ivr.call.dialogue.events import Outcome
from ivr.call.transcript import in_order
from ivr.records.model import (
    CallBegan,
    CallRecord,
    CallSummary,
    Fate,
    Hangup,
    RecordedEntry,
    RtpQuality,
    ServiceState,
)
from ivr.records.report import NOT_COUNTED, Report, Tally, report
from ivr.records.schema import call_entries, calls, services
from ivr.records.vitals import vitals_from_json
from ivr.records.writing import is_alive, mark_lost
from storage.clock import Clock, utc_now
from storage.database import Database, database_border


class CallNotFound(Exception):  # noqa: N818 - reads as what it says
    """There is no such call, or no single one; the message says how to find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which calls; every condition that is given must hold.

    Attributes:
        number: digits that the caller or the target number contains.
        outcome: one of `OUTCOMES`.
        trunks: the endpoints by which they came; None for all.
        since, until: when they began.
        limit: at most so many, the latest; None for all.
    """

    number: str | None = None
    outcome: str | None = None
    trunks: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = 100


class CallReader:
    """Finds calls. Methods block, and raise `StoreUnavailable` when the database cannot serve them.

    Args:
        database: with the schema of `ivr.records.schema`.
        clock: the time.
    """

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    @database_border
    def search(self, query: Query) -> list[CallSummary]:
        """The calls of a query, the latest first."""
        self._mark_lost()
        with self._database.reading() as connection:
            return [_summary(row) for row in connection.execute(_latest_first(query))]

    @database_border
    def report(self, query: Query) -> Report:
        """Count the calls of a query, however many there are: they are never all in memory."""
        self._mark_lost()
        with self._database.reading() as connection:
            rows = connection.execute(_latest_first(query), execution_options={"yield_per": _ROWS_AT_ONCE})
            return report(_summary(row) for row in rows)

    @database_border
    def tallies(self, query: Query) -> dict[str, Tally]:
        """Count the calls of a query by trunk, in the database; its limit does not count.

        It tells what `report` does, in a tenth of the time: of 100,000 calls only some dozen counts are read.
        """
        self._mark_lost()
        found: dict[str, Tally] = {}
        with self._database.reading() as connection:
            for row in connection.execute(_grouped(query)):
                _add_group(found.setdefault(row.trunk, Tally()), row)
        return dict(sorted(found.items()))

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
            begins = calls.c.call_id.startswith(beginning, autoescape=True)
            return list(connection.scalars(select(calls.c.call_id).where(begins).limit(_SOME)))

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
    def services(self) -> list[ServiceState]:
        """The processes that answer calls, those that beat last first."""
        now, host = self._clock(), socket.gethostname()
        with self._database.reading() as connection:
            rows = connection.execute(select(services).order_by(services.c.beat_at.desc())).all()
        return [_service(row, alive=is_alive(row, now, host)) for row in rows]

    def _mark_lost(self) -> None:
        """So that who reads of a dead service's calls reads the truth, also where no service runs any more."""
        mark_lost(self._database, self._clock(), socket.gethostname())


_SOME: Final = 5
_ROWS_AT_ONCE: Final = 500
_NUMBERS: Final = (calls.c.caller, calls.c.target)


def _latest_first(query: Query) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if query.number:
        conditions.append(or_(*(column.contains(query.number, autoescape=True) for column in _NUMBERS)))
    if query.outcome:
        conditions.append(_outcome_is(query.outcome))
    if query.trunks is not None:
        conditions.append(calls.c.trunk.in_(query.trunks))
    if query.since:
        conditions.append(calls.c.began_at >= query.since)
    if query.until:
        conditions.append(calls.c.began_at < query.until)
    return select(calls).where(*conditions).order_by(calls.c.began_at.desc(), calls.c.call_id).limit(query.limit)


def _grouped(query: Query) -> Select[Any]:
    """How many calls of a query are alike in all that a tally tells apart."""
    # No bound 0: a database would take the one that is selected and the one that is grouped by for two.
    all_well = ((calls.c.wrong_entries + calls.c.silences) == literal_column("0")).label("all_well")
    kinds = (calls.c.trunk, calls.c.outcome, calls.c.reason, calls.c.step, all_well)
    sums = (
        func.count().label("number"),
        func.sum(calls.c["keys"]).label("keys_heard"),
        func.sum(calls.c.missed).label("keys_missed"),
    )
    return _latest_first(query).limit(None).order_by(None).with_only_columns(*kinds, *sums).group_by(*kinds)


def _add_group(tally: Tally, row: Row[Any]) -> None:
    """Count calls that are alike, as `Tally.add` counts one."""
    outcome = row.outcome or Fate.IN_PROGRESS.value
    why = outcome, row.reason or ""
    tally.calls += row.number
    tally.keys += row.keys_heard
    tally.missed += row.keys_missed
    tally.outcomes[why] = tally.outcomes.get(why, 0) + row.number
    if outcome in NOT_COUNTED:
        return
    tally.admitted += row.number
    if outcome == Outcome.SET:
        tally.set_ += row.number
        tally.first_try += row.number if row.all_well else 0
    else:
        tally.failed_at[row.step] = tally.failed_at.get(row.step, 0) + row.number


def _outcome_is(outcome: str) -> ColumnElement[bool]:
    return calls.c.outcome.is_(None) if outcome == Fate.IN_PROGRESS else calls.c.outcome == outcome


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
