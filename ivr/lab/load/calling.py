"""Lets a crowd of callers call a house of their own."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ivr.errors import CallFailed
from ivr.host.process_limits import files_allowed
from ivr.lab.house import ACCESS_NUMBER, House
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.direct.direct_trunk import DirectWay
from ivr.lab.load.crowd.loop import CrowdSettings, Lateness
from ivr.lab.load.crowd.process import CrowdProcess
from ivr.lab.load.crowd.sip.sip_trunk import SipWay
from ivr.lab.load.crowd.trunk import Way
from ivr.lab.load.lines import LoadLine, lines_file, lines_for
from ivr.lab.load.processes import PartUse, ProcessWatch
from ivr.lab.load.result import Load

CROWD_HOST: Final = "127.0.0.8"
"""The address that the callers of a load call from: a trunk to this exchange, and to no other."""
_LEAST_PORTS: Final = 400
_PORTS_A_CALL: Final = 4
"""Asterisk looks for a free pair by chance: of a range twice as large half is free."""
_EVERY_S: Final = 1.0
_STOP_S: Final = 120


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What came of the calls.

    Attributes:
        notes: what each caller noted.
        lateness: how late the callers' own packets were.
        parts: what each process has used.
        took_s: from the start of the callers to the end of the last call.
        ended_early: whether the calls were ended before their time.
    """

    notes: Sequence[CallNotes]
    lateness: Lateness
    parts: Sequence[PartUse]
    took_s: float
    ended_early: bool


@contextmanager
def house_for(load: Load, database_url: str = "") -> Iterator[House]:
    """Prepare a house that has a line for each caller, and room for all of them; whoever enters it starts it.

    Args:
        load: the load.
        database_url: as for `House`.
    """
    with tempfile.TemporaryDirectory(prefix="karipass-load-") as directory, _enough_files(load.calls):
        settings = {"KARIPASS_CALLS": str(2 * load.calls), "KARIPASS_STOP_S": str(_STOP_S)}
        ports = _LEAST_PORTS if load.direct else max(_LEAST_PORTS, _PORTS_A_CALL * load.calls)
        house = House(
            Path(directory),
            settings=settings,
            trunks=(CROWD_HOST,),
            audio_ports=ports,
            has_exchange=not load.direct,
            database_url=database_url,
        )
        _import_lines(house, lines_for(load.calls, load.minutes))
        yield house


def let_call(
    house: House,
    load: Load,
    *,
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
    ramp_s: float,
    beside: Mapping[str, int] = MappingProxyType({}),
) -> Called:
    """Let the callers call.

    Args:
        house: the house that was prepared for this load, and started.
        load: the load.
        show: called once a second while there are calls.
        wait: waits for so many seconds, and says whether the calls are to end early.
        ramp_s: the time in which the first calls start, one after the other.
        beside: further parts whose use is watched, each with its first process.

    Raises:
        CallFailed: the callers' process has ended.
    """
    settings = CrowdSettings(
        calls=load.calls,
        seconds=60 * load.minutes,
        seed=load.seed,
        lines=lines_for(load.calls, load.minutes),
        ramp_s=ramp_s,
    )
    notes: list[CallNotes] = []
    watch: ProcessWatch | None = None
    ended_early = False
    began = time.monotonic()
    with CrowdProcess(settings, _way(house, direct=load.direct)) as crowd:
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
            if watch is None:  # how the callers' process starts does not count
                watch = ProcessWatch({**_parts(house, crowd), **beside})
            watch.look()
            seconds = time.monotonic() - began
            for report in reports:
                notes += report.over
            last = reports[-1]
            if last.is_last:
                return Called(
                    notes=notes,
                    lateness=last.lateness,
                    parts=watch.used(),
                    took_s=seconds,
                    ended_early=ended_early,
                )
            show(
                LoadProgress(
                    seconds=seconds,
                    of_seconds=settings.seconds,
                    calling=last.calling,
                    talking=last.talking,
                    over=len(notes),
                    to_the_end=sum(call.pressed_all for call in notes),
                )
            )


@contextmanager
def _enough_files(calls: int) -> Iterator[None]:
    """Allow this process, and those that it starts, enough files for the calls."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_allowed(calls), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _import_lines(house: House, lines: int) -> None:
    path = house.directory / "lines.csv"
    path.write_text(lines_file(map(LoadLine.numbered, range(lines))), encoding="utf-8")
    with closing(house.store()) as store:
        store.import_lines(path)


def _way(house: House, *, direct: bool) -> Way:
    if direct:
        return DirectWay(service=("127.0.0.1", house.ports["agi_port"]), secret=house.agi_secret)
    return SipWay(host=CROWD_HOST, exchange=("127.0.0.1", house.sip_port), number=ACCESS_NUMBER)


def _parts(house: House, crowd: CrowdProcess) -> dict[str, int]:
    found = {"service": house.service_pid, "Asterisk": house.exchange.pid, "callers": crowd.pid}
    return {part: pid for part, pid in found.items() if pid is not None}
