"""Measures what calls cost: until the host gives way, and then with half as many for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Final

from ivr.errors import CallFailed
from ivr.lab.load.calling import Called, LoadProgress, house_for, let_call
from ivr.lab.load.capacity import Capacity
from ivr.lab.load.processes import PartUse
from ivr.lab.load.result import Load
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.figures import CallFigures

_RAMP_S: Final = 45.0
"""As long as a call takes on average."""
_MINUTES: Final = 2.0
_DATABASE: Final = "PostgreSQL"


def measure_calls(
    found: Capacity,
    server: PostgresqlServer,
    *,
    seed: int,
    stage: Callable[[str], None],
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
) -> CallFigures:
    """Measure.

    Args:
        found: how many calls the host carries.
        server: the database server.
        seed, stage, show, wait: as for `find_capacity`.

    Raises:
        CallFailed: nobody got through.
        As `house_for` and `let_call`.
    """
    load = Load(calls=max(2, found.calls // 2), minutes=_MINUTES, seed=seed)
    stage(f"what {load.calls} calls at once cost")
    with house_for(load, server.url(server.create())) as house, house:
        beside = {} if server.pid is None else {_DATABASE: server.pid}
        called = let_call(house, load, show=show, wait=wait, ramp_s=_RAMP_S, beside=beside)
    return _figures(found, load, called)


def _figures(found: Capacity, load: Load, called: Called) -> CallFigures:
    lasted = [
        call.ended - call.answered for call in called.notes if call.answered is not None and call.ended is not None
    ]
    if not lasted:
        raise CallFailed("no call got through, so nothing can be said of what calls cost")
    spent = {part: called.took_s * cores / sum(lasted) for part, cores in _cores(called.parts).items()}
    memory = {part: sum(each.memory_mib for each in called.parts if each.part == part) for part in spent}
    return CallFigures(
        carried=found.calls,
        gave_way=found.gave_way or "",
        steady=load.calls,
        lasts_s=fmean(lasted),
        exchange=spent["Asterisk"],
        service=spent["service"],
        database=spent[_DATABASE],
        callers=spent["callers"],
        exchange_mib=memory["Asterisk"],
        service_mib=memory["service"],
    )


def _cores(parts: Sequence[PartUse]) -> dict[str, float]:
    return {name: sum(each.cores for each in parts if each.part == name) for name in {each.part for each in parts}}
