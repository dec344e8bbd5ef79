"""The page of hosts: which programs of ours run where, and whether they fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from console.visit import Visit
from storage.database_time import TOLERATED_S
from storage.programs.registry import ProgramState


@dataclass(frozen=True, slots=True)
class Host:
    """A host with its programs.

    Attributes:
        name: its name.
        programs: its programs, those that ended without a word within the last day included.
    """

    name: str
    programs: Sequence[ProgramState]

    @property
    def clock_ahead_s(self) -> float | None:
        """By how many seconds its clock is ahead of the database's; None if that is as it should be, or not known."""
        said = [state for state in self.programs if state.alive and state.clock_ahead_s is not None]
        latest = max(said, key=lambda state: state.beat_at, default=None)
        if latest is None or latest.clock_ahead_s is None or abs(latest.clock_ahead_s) <= TOLERATED_S:
            return None
        return latest.clock_ahead_s


def show(visit: Visit) -> Response:
    """Show all hosts that use the database, and what differs between them."""
    states = visit.backend.programs()
    return visit.page("hosts.html", hosts=hosts_of(states), differences=differences_of(states))


def hosts_of(states: Sequence[ProgramState]) -> list[Host]:
    """Sort programs by their hosts."""
    by_host = groupby(sorted(states, key=lambda state: state.program.host), key=lambda state: state.program.host)
    return [Host(name, list(programs)) for name, programs in by_host]


@dataclass(frozen=True, slots=True)
class Differences:
    """What the programs that run do not have in common.

    Attributes:
        versions: the versions that run, if there are several.
        lacking: the programs that lack a key which another one has, each as `portal (host-a)`.
    """

    versions: Sequence[str]
    lacking: Sequence[str]


def differences_of(states: Sequence[ProgramState]) -> Differences:
    """Tell what the programs that run do not have in common."""
    alive = [state.program for state in states if state.alive]
    versions = sorted({program.version for program in alive})
    keys = {key for program in alive for key in program.keys}
    lacking = {f"{program.kind} ({program.host})" for program in alive if keys - set(program.keys)}
    return Differences(versions if len(versions) > 1 else [], sorted(lacking))
