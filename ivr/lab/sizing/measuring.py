"""Measures what the work of this machine costs, one kind after the other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ivr.lab.load.calling import LoadProgress
from ivr.lab.load.capacity import Capacity
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.calls import measure_calls
from ivr.lab.sizing.figures import Figures
from ivr.lab.sizing.logins import measure_logins
from ivr.lab.sizing.notices import measure_notices
from ivr.lab.sizing.trail import measure_trail

_MIB: Final = 1 << 20


def measure(
    found: Capacity,
    server: PostgresqlServer,
    *,
    seed: int,
    stage: Callable[[str], None],
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
) -> Figures:
    """Measure.

    Args:
        found: how many calls this machine carries (`find_capacity`).
        server: a durable database server on it.
        seed, stage, show, wait: as for `find_capacity`.

    Raises:
        ExchangeError: a part did not come up.
        CallFailed: what was to be measured failed.
    """
    with tempfile.TemporaryDirectory(prefix="karipass-sizing-") as name:
        folders = {kind: Path(name, kind) for kind in ("trail", "logins", "notices")}
        for folder in folders.values():
            folder.mkdir()
        return Figures(
            processors=os.cpu_count() or 1,
            memory_mib=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MIB,
            version=version("karipass"),
            measured_at=date.today().isoformat(),  # noqa: DTZ011 - the day where the machine is
            calls=measure_calls(found, server, seed=seed, stage=stage, show=show, wait=wait),
            logins=measure_logins(folders["logins"], server, stage=stage, wait=wait),
            notices=measure_notices(folders["notices"], server, stage=stage, wait=wait),
            trail=measure_trail(folders["trail"], server, stage=stage),
        )
