"""Runs a load: a house of its own, a crowd of callers, and the comparison of what they typed with what is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from credentials.store import CredentialStore
from ivr.call.phrases import LEAD_IN_S
from ivr.lab.house import House, open_store, store_url
from ivr.lab.load.calling import LoadProgress, house_for, let_call
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.process import leave_interrupts
from ivr.lab.load.judge import Fate, JudgedCall, Stored, judge, matched
from ivr.lab.load.metrics_page import Ticks, read_ticks
from ivr.lab.load.result import Load, LoadResult
from ivr.records import CallReader, CallRecord, CallSummary, Query, open_existing_records

_RAMP_S: Final = 45.0
"""As long as a call takes on average: then as many calls begin as end, and no crowd confirms in the same second."""
_WAITING_FOR_S: Final = 3.5
"""A call whose answer was heard sooner has not been asked to wait (`please_wait_s` is 4 s)."""


def run_load(
    load: Load,
    *,
    stage: Callable[[str], None],
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
) -> LoadResult:
    """Run a load.

    Args:
        load: the load.
        stage: called with what is done next, in a few words.
        show: called once a second while there are calls.
        wait: waits for so many seconds, and says whether the load is to end early.

    Raises:
        ExchangeError: there is no Asterisk, or the house did not come up.
        CallFailed: the callers' process has ended.
    """
    stage("starting the service" if load.direct else "starting Asterisk and the service")
    with house_for(load) as house:
        with house:
            before = read_ticks(house.ports["health_port"])
            called = let_call(house, load, show=show, wait=wait, ramp_s=min(_RAMP_S, 60 * load.minutes / 2))
            after = read_ticks(house.ports["health_port"])
        stage("comparing the store with what was typed")
        calls, store_answers_s = _judged(house, called.notes)
    return LoadResult.of(
        load,
        calls,
        ended_early=called.ended_early,
        took_s=called.took_s,
        store_answers_s=store_answers_s,
        ticks=_between(before, after),
        callers=called.lateness,
        parts=called.parts,
    )


def _between(before: Ticks | None, after: Ticks | None) -> Ticks | None:
    return None if before is None or after is None else after.since(before)


# --- afterwards ---------------------------------------------------------------------------------------------


def _judged(house: House, notes: Sequence[CallNotes]) -> tuple[list[JudgedCall], list[float]]:
    """Judge the calls; returns them, and how long the store took to answer, in seconds."""
    database = open_existing_records(store_url(house.state))
    try:
        reader = CallReader(database)
        records = reader.search(Query(limit=None))
        with closing(house.store()) as store:
            stored = Stored.all_of(store.audit_records())
        calls = judge(notes, records, stored, _opening(house, notes, records, stored))
        return calls, list(_store_answers_s(calls, reader))
    finally:
        database.close()


def _opening(
    house: House, notes: Sequence[CallNotes], records: Sequence[CallSummary], stored: Sequence[Stored]
) -> dict[str, bool]:
    """Log in with each password that was stored and not replaced; returns whether it opens, by the call's id."""
    last = {each.target: each.call_id for each in stored}
    typed = {
        record.call_id: (each.plan.target, each.plan.password)
        for each, record in zip(notes, matched(notes, records), strict=True)
        if record is not None and last.get(each.plan.target) == record.call_id
    }
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=leave_interrupts) as pool:
        answers = pool.map(_Login(house.state), typed.values(), chunksize=8)
        return dict(zip(typed, answers, strict=True))


@dataclass(frozen=True, slots=True)
class _Login:
    """Logs in as the settings site does."""

    state: Path

    def __call__(self, typed: tuple[str, str]) -> bool:
        """Say whether a password opens a number."""
        number, password = typed
        return _site(self.state).log_in(number, password, session_id="load").verdict.accepted


_SITES: Final[dict[Path, CredentialStore]] = {}


def _site(state: Path) -> CredentialStore:
    """The store, opened once in each process of the pool."""
    if state not in _SITES:
        _SITES[state] = open_store(state)
    return _SITES[state]


def _store_answers_s(calls: Sequence[JudgedCall], reader: CallReader) -> Iterator[float]:
    """How long the store took to answer, from the start of the last key.

    A caller who was asked to wait heard that first. How much later the answer was said is known from the record.
    """
    for call in calls:
        heard_s = call.notes.stored_s
        if call.fate is not Fate.SET or call.record is None or heard_s is None:
            continue
        answer_s = heard_s - LEAD_IN_S
        if answer_s > _WAITING_FOR_S and (record := reader.call(call.record.call_id)) is not None:
            answer_s += _waited_s(record)
        yield answer_s


def _waited_s(record: CallRecord) -> float:
    """From the first guidance after the last entry to the last guidance, in seconds."""
    said: list[float] = []
    for entry in record.entries:
        if entry.kind == "judged":
            said = []
        elif entry.kind == "said" and entry.at_s is not None:
            said.append(entry.at_s)
    return said[-1] - said[0] if said else 0.0
