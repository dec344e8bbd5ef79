"""`ivr capacity`: finds out how many calls this machine carries."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ivr.cli.common import reporting_errors
from ivr.cli.load import Seed, seed_or_drawn
from logs.levels import LogLevel

if TYPE_CHECKING:
    from ivr.lab.load.capacity import Capacity

_GAVE_WAY: Final = {
    "clock": "the service got the processor too late to hear and to speak every 20 ms",
    "audio": "Asterisk got the processor too late to hand over the callers' audio",
    "store": "passwords had to wait until they were hashed and stored",
    "memory": "memory ran out",
}


@reporting_errors
def capacity(
    most: Annotated[int, typer.Option(min=10, max=4000, help="How many callers there are.")] = 600,
    seconds: Annotated[float, typer.Option(min=10, help="The time in which all of them begin to call.")] = 60.0,
    seed: Seed = None,
    figures: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Measure for some minutes more what work costs, and write it to this file."),
    ] = None,
) -> None:
    """Find out in about a minute how many calls this machine carries, and what gives way first.

    Callers call an Asterisk and a service of their own, one after the other, until the service turns new calls away.
    The callers run here, too, so a machine without them carries some more. `ivr load` then shows how callers fare with
    that many for as long as you like. `ivr sizing` says from the file of --figures what many hosts carry; for it the
    store is a PostgreSQL of its own.
    """
    from ivr.cli.output.load_progress import progress_of_calls
    from ivr.cli.serving.interrupts import interrupts
    from ivr.lab.load.capacity import find_capacity
    from ivr.lab.sizing.bench import database
    from ivr.lab.sizing.measuring import measure
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    found: Capacity | None = None
    drawn = seed_or_drawn(seed)
    with interrupts() as asked, progress_of_calls() as progress, ExitStack() as running:
        server = None if figures is None else running.enter_context(database())
        found = find_capacity(
            most,
            seconds,
            seed=drawn,
            stage=progress.stage,
            show=progress.show,
            wait=asked.wait,
            database_url="" if server is None else server.url(server.create()),
        )
        if figures is not None and server is not None and not found.interrupted:
            costs = measure(found, server, seed=drawn, stage=progress.stage, show=progress.show, wait=asked.wait)
            costs.write(figures)
    if found is None or found.interrupted:
        raise SystemExit(130)
    print(_said(found))


def _said(found: Capacity) -> str:
    host = f"{os.cpu_count()} processors"
    if found.gave_way is None:
        return f"{found.calls} calls at once on {host}, and nothing gave way. Ask for more callers: --most."
    return f"{found.calls} calls at once on {host}. Then {_GAVE_WAY[found.gave_way]}: new calls were turned away."
