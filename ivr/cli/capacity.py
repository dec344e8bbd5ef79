"""`ivr capacity`: finds out how many calls this machine carries."""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from ivr.cli.common import reporting_errors
from ivr.cli.load import Seed, seed_or_drawn
from logs.levels import LogLevel

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
) -> None:
    """Find out in about a minute how many calls this machine carries, and what gives way first.

    Callers call an Asterisk and a service of their own, one after the other, until the service turns new calls away.
    The callers run here, too, so a machine without them carries some more. `ivr load` then shows how callers fare with
    that many for as long as you like.
    """
    from ivr.cli.output.load_progress import progress_of_calls
    from ivr.cli.serving.interrupts import interrupts
    from ivr.lab.load.capacity import Capacity, find_capacity
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    found: Capacity | None = None
    with interrupts() as asked, progress_of_calls() as progress:
        found = find_capacity(
            most,
            seconds,
            seed=seed_or_drawn(seed),
            stage=progress.stage,
            show=progress.show,
            wait=asked.wait,
        )
    if found is None or found.interrupted:
        raise SystemExit(130)
    host = f"{os.cpu_count()} processors"
    if found.gave_way is None:
        print(f"{found.calls} calls at once on {host}, and nothing gave way. Ask for more callers: --most.")
    else:
        print(f"{found.calls} calls at once on {host}. Then {_GAVE_WAY[found.gave_way]}: new calls were turned away.")
