"""Runs a load: a house of its own, a crowd of callers, and the comparison of what they typed with what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Final

from ivr.call.phrases import LEAD_IN_S
from ivr.lab.load.calling import LoadProgress, house_for, let_call
from ivr.lab.load.compared_store import ComparedStore
from ivr.lab.load.judge import Fate, JudgedCall
from ivr.lab.load.metrics_page import Ticks, read_ticks
from ivr.lab.load.result import Load, LoadResult
from ivr.records import CallReader, CallRecord

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
        with closing(ComparedStore(house.store_url, house.state / "key")) as compared:
            calls = compared.judge(called.notes)
            store_answers_s = list(_store_answers_s(calls, compared.reader))
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
