"""Runs a load: a house of its own, a crowd of callers, and the comparison of what they typed with what is stored."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.call.phrases import LEAD_IN_S
from ivr.errors import CallFailed
from ivr.host.process_limits import files_allowed
from ivr.lab.house import ACCESS_NUMBER, House
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.direct_trunk import DirectWay
from ivr.lab.load.crowd.loop import CrowdSettings, Lateness
from ivr.lab.load.crowd.process import CrowdProcess, leave_interrupts
from ivr.lab.load.crowd.sip_trunk import SipWay
from ivr.lab.load.crowd.trunk import Way
from ivr.lab.load.judge import Fate, JudgedCall, Stored, judge, matched
from ivr.lab.load.lines import LoadLine, lines_file, lines_for
from ivr.lab.load.processes import ProcessWatch
from ivr.lab.load.result import Load, LoadResult
from ivr.lab.load.ticks import Ticks, read_ticks
from ivr.records import CallReader, CallRecord, CallSummary, Query, open_existing_records

CROWD_HOST: Final = "127.0.0.8"
"""The address that the callers of a load call from: a trunk to this exchange, and to no other."""
_LEAST_PORTS: Final = 400
_PORTS_A_CALL: Final = 4
"""Asterisk looks for a free pair by chance: of a range twice as large half is free."""
_EVERY_S: Final = 1.0
_STOP_S: Final = 30
_WAITING_FOR_S: Final = 3.5
"""A call whose answer was heard sooner has not been asked to wait (`please_wait_s` is 4 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """How far a load is.

    Attributes:
        seconds, of_seconds: since its start, and for how long new calls start.
        calling: how many calls there are now.
        talking: how many of them are answered.
        over: how many calls have ended.
        to_the_end: how many of these pressed all they meant to.
    """

    seconds: float
    of_seconds: float
    calling: int
    talking: int
    over: int
    to_the_end: int


@dataclass(slots=True)
class _Heard:
    """What the callers have reported so far."""

    notes: list[CallNotes] = field(default_factory=list)
    lateness: Lateness = field(default_factory=Lateness)


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
    with tempfile.TemporaryDirectory(prefix="karipass-load-") as directory, _enough_files(load.calls):
        stage("starting the service" if load.direct else "starting Asterisk and the service")
        lines = lines_for(load.calls, load.minutes)
        house = _house(Path(directory), load)
        _import_lines(house, lines)
        with house:
            before = read_ticks(house.ports["health_port"])
            began = time.monotonic()
            heard, watch, ended_early = _call(house, load, lines, show=show, wait=wait)
            took_s = time.monotonic() - began
            after = read_ticks(house.ports["health_port"])
            house.stop_service()  # writes the last records
        stage("comparing the store with what was typed")
        calls, store_answers_s = _judged(house, heard.notes)
        return LoadResult.of(
            load,
            calls,
            ended_early=ended_early,
            took_s=took_s,
            store_answers_s=store_answers_s,
            ticks=_between(before, after),
            callers=heard.lateness,
            parts=watch.used(),
        )


def _between(before: Ticks | None, after: Ticks | None) -> Ticks | None:
    return None if before is None or after is None else after.since(before)


@contextmanager
def _enough_files(calls: int) -> Iterator[None]:
    """Allow this process, and those that it starts, enough files for the calls."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_allowed(calls), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _house(directory: Path, load: Load) -> House:
    settings = {"KARIPASS_CALLS": str(2 * load.calls), "KARIPASS_STOP_S": str(_STOP_S)}
    ports = _LEAST_PORTS if load.direct else max(_LEAST_PORTS, _PORTS_A_CALL * load.calls)
    return House(directory, settings=settings, trunks=(CROWD_HOST,), audio_ports=ports, has_exchange=not load.direct)


def _import_lines(house: House, lines: int) -> None:
    path = house.directory / "lines.csv"
    path.write_text(lines_file(map(LoadLine.numbered, range(lines))), encoding="utf-8")
    with closing(house.store()) as store:
        store.import_lines(path)


def _call(
    house: House,
    load: Load,
    lines: int,
    *,
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
) -> tuple[_Heard, ProcessWatch, bool]:
    """Let the callers call; returns what they noted, what it took, and whether it was ended early."""
    settings = CrowdSettings(
        calls=load.calls,
        seconds=60 * load.minutes,
        seed=load.seed,
        lines=lines,
    )
    heard, ended_early = _Heard(), False
    began = time.monotonic()
    with CrowdProcess(settings, _way(house, direct=load.direct)) as crowd:
        watch: ProcessWatch | None = None
        while True:
            if ended_early:
                time.sleep(_EVERY_S)
            elif wait(_EVERY_S):
                ended_early = True
                crowd.stop()
            try:
                reports = crowd.reports()
            except EOFError:
                raise CallFailed("the callers' process has ended; its last words are above") from None
            if not reports:
                continue
            if watch is None:
                watch = ProcessWatch(_parts(house, crowd))
            watch.look()
            for report in reports:
                heard.notes += report.over
                heard.lateness = report.lateness
                if report.is_last:
                    return heard, watch, ended_early
            show(
                LoadProgress(
                    seconds=time.monotonic() - began,
                    of_seconds=settings.seconds,
                    calling=reports[-1].calling,
                    talking=reports[-1].talking,
                    over=len(heard.notes),
                    to_the_end=sum(notes.pressed_all for notes in heard.notes),
                )
            )


def _way(house: House, *, direct: bool) -> Way:
    if direct:
        return DirectWay(service=("127.0.0.1", house.ports["agi_port"]), secret=house.agi_secret)
    return SipWay(host=CROWD_HOST, exchange=("127.0.0.1", house.sip_port), number=ACCESS_NUMBER)


def _parts(house: House, crowd: CrowdProcess) -> dict[str, int]:
    found = {"service": house.service_pid, "Asterisk": house.exchange.pid, "callers": crowd.pid}
    return {part: pid for part, pid in found.items() if pid is not None}


# --- afterwards ---------------------------------------------------------------------------------------------


def _judged(house: House, notes: Sequence[CallNotes]) -> tuple[list[JudgedCall], list[float]]:
    """Judge the calls; returns them, and how long the store took to answer, in seconds."""
    database = open_existing_records(_store_url(house.state))
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
        _SITES[state] = CredentialStore.open(_store_url(state), key=Key.from_file(state / "key"))
    return _SITES[state]


def _store_url(state: Path) -> str:
    return f"sqlite:///{state / 'store.db'}"


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
