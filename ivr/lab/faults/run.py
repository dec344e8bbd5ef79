"""Lets a crowd call a house of two hosts, does one fault after the other meanwhile, and counts what each cost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.errors import CallFailed
from ivr.lab.faults.fault import Fault
from ivr.lab.faults.people import lines_of_people, logins
from ivr.lab.faults.toll import NEVER, Period, Toll, said_of, tolls, truth_of
from ivr.lab.hosts.crowd_way import WayFromNode
from ivr.lab.hosts.many_hosts import CALLERS, ManyHosts
from ivr.lab.house import ACCESS_NUMBER
from ivr.lab.load.compared_store import ComparedStore
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.loop import CrowdSettings
from ivr.lab.load.crowd.process import CrowdProcess
from ivr.lab.load.crowd.sip.sip_trunk import SipWay
from ivr.lab.load.lines import LoadLine, lines_file, lines_for

RAMP_S: Final = 40.0
"""As long as a call takes on average, so that calls begin at any moment."""
_DISK_MIB: Final = 512
_LAST_S: Final = 150.0
"""A call takes less: its caller gives up after 45 s of silence."""
_RECORDED_S: Final = 2.0
"""By then the records have the ends of the last calls."""
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsResult:
    """What all faults cost.

    Attributes:
        tolls: what each cost, in the order of their time.
        calls: how many calls there were in all.
        logins: how many logins.
        grave: of each call that was told what is not so, what is known of it.
    """

    tolls: Sequence[Toll]
    calls: int
    logins: int
    grave: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether no caller was told what is not so: nothing that was told is lost, nothing is other than typed."""
        return not any(toll.truths.get(truth) for toll in self.tolls for truth in NEVER)


def run_faults(
    faults: Sequence[Fault],
    *,
    calls: int,
    between_s: float,
    seed: int,
    ramp_s: float = RAMP_S,
    stage: Callable[[str], None],
    wait: Callable[[float], bool],
) -> FaultsResult:
    """Do the faults.

    Args:
        faults: the faults.
        calls: how many callers there are at once.
        between_s: the time between two faults.
        seed: draws what each caller does.
        ramp_s: the time in which the first calls start, one after the other.
        stage: called with what is done next, in a few words.
        wait: waits for so many seconds, and says whether all is to end early.

    Raises:
        NetworkError: networks of our own cannot be made here.
        ExchangeError: a part of the house did not come up.
        CallFailed: the callers' process has ended.
    """
    stage("starting two hosts, Kamailio, PostgreSQL and its replica")
    with tempfile.TemporaryDirectory(prefix="karipass-faults-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL runs as another user
        takes_s = ramp_s + _LAST_S + sum(fault.lasts_s + between_s for fault in faults)
        lines = lines_for(calls, 2 * takes_s / 60)
        house = ManyHosts(
            directory,
            calls_of_a_host=2 * calls,
            disk_mib=_DISK_MIB,
            replica=True,
            sites=True,
            wrong_clocks=True,
        )
        with house:
            house.import_lines(lines_file(map(LoadLine.numbered, range(lines))) + lines_of_people())
            subscribers = logins(house)
            crowd = CrowdSettings(calls=calls, seconds=10 * takes_s, seed=seed, lines=lines, ramp_s=ramp_s)
            with subscribers.going_on():
                notes, periods = _Breaking(house, crowd, stage, wait).run(faults, between_s)
            stage("comparing the store with what was typed")
            with closing(ComparedStore(house.database.url_here, house.key_file)) as compared:
                judged = compared.judge(notes)
        tries = subscribers.tries
        return FaultsResult(
            tolls=tolls(judged, periods, tries),
            calls=len(judged),
            logins=len(tries),
            grave=[said_of(call) for call in judged if truth_of(call) in NEVER],
        )


class _Breaking:
    def __init__(
        self, house: ManyHosts, crowd: CrowdSettings, stage: Callable[[str], None], wait: Callable[[float], bool]
    ) -> None:
        self._house = house
        self._settings = crowd
        self._stage = stage
        self._wait = wait
        self._notes: list[CallNotes] = []
        self._early = False

    def run(self, faults: Sequence[Fault], between_s: float) -> tuple[list[CallNotes], list[Period]]:
        """Do the faults while the crowd calls; returns what the callers noted, and when each fault was."""
        house = self._house
        sip = SipWay(host=house.network.address(CALLERS), exchange=house.proxy.address, number=ACCESS_NUMBER)
        way = WayFromNode(namespace=house.network.namespace(CALLERS), way=sip)
        periods: list[Period] = []
        with CrowdProcess(self._settings, way) as crowd:
            self._stage("callers begin to call")
            self._let_call(crowd, self._settings.ramp_s + between_s / 2)
            for number, fault in enumerate(faults):
                if self._early:
                    break
                self._stage(f"{number + 1} of {len(faults)}: {fault.name}")
                began = time.time()
                with fault.happening(house):
                    done = time.time()
                    self._let_call(crowd, fault.lasts_s)
                ended = time.time() if fault.lasts_s else done
                self._let_call(crowd, between_s)
                periods.append(Period(fault=fault.name, began=began, ended=ended, over=time.time()))
            self._stage("the last calls come to their end")
            crowd.stop() if self._early else crowd.call_no_more()
            self._let_call(crowd, _LAST_S, to_the_end=True)
        time.sleep(_RECORDED_S)
        return self._notes, periods

    def _let_call(self, crowd: CrowdProcess, seconds: float, *, to_the_end: bool = False) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and (to_the_end or not self._early):
            if to_the_end:
                time.sleep(_LOOK_S)
            else:
                self._early = self._wait(_LOOK_S)
            try:
                reports = crowd.reports()
            except EOFError:
                raise CallFailed("the callers' process has ended; its last words are above") from None
            for report in reports:
                self._notes += report.over
                if report.is_last:
                    return
