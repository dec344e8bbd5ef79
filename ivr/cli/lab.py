"""`ivr lab`: a house of many hosts that is built and broken on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import print_remark, reporting_errors
from ivr.cli.load import Seed, seed_or_drawn
from ivr.cli.output.load_progress import progress_of_calls
from ivr.cli.output.tables import Column, print_table, terminal
from logs.levels import LogLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.lab.faults.fault import Fault
    from ivr.lab.faults.run import FaultsResult
    from ivr.lab.faults.toll import Toll

lab_app = typer.Typer(cls=CommandGroup, help="Break a house of many hosts, under calls.", no_args_is_help=True)

_COLUMNS: Final = (
    Column(name="fault", prose=True),
    Column(name="calls", right=True),
    Column(name="concerned", right=True),
    Column(name="what these heard", prose=True),
    Column(name="untold", right=True),
    Column(name="lost", right=True),
    Column(name="wrong", right=True),
    Column(name="failing for", right=True),
    Column(name="whole after", right=True),
    Column(name="logins", right=True),
    Column(name="failed", right=True),
)


@lab_app.callback()
def lab() -> None:
    """Break a house of many hosts, under calls."""


@lab_app.command()
@reporting_errors
def faults(
    calls: Annotated[int, typer.Option(min=2, max=400, help="How many callers there are at once.")] = 24,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A word of the faults to do; may be given more than once.")
    ] = None,
    between: Annotated[float, typer.Option(min=5, help="Seconds between two faults.")] = 35.0,
    seed: Seed = None,
) -> None:
    """Break a house of two hosts behind Kamailio, fault by fault, while callers set passwords and subscribers log in.

    The house is made on this machine, in networks of its own (root is needed), and nothing is set in your store. Then
    every caller's intent is compared with the store. The exit status is 0 only if no caller was told what is not so.
    """
    from ivr.cli.serving.interrupts import interrupts
    from ivr.lab.faults.every import EVERY
    from ivr.lab.faults.run import run_faults
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    chosen = _chosen(EVERY, only or [])
    result: FaultsResult | None = None
    with interrupts() as asked, progress_of_calls() as progress:
        result = run_faults(
            chosen, calls=calls, between_s=between, seed=seed_or_drawn(seed), stage=progress.stage, wait=asked.wait
        )
    if result is None:
        raise SystemExit(130)
    print_table(terminal(), _COLUMNS, [row_of(toll) for toll in result.tolls])
    for toll in result.tolls:
        for problem, count in toll.login_problems.items():
            print(f"{toll.period.fault}: {count} logins failed: {problem}")
    for grave in result.grave:
        print(grave)
    everything = f"{result.calls} calls, {calls} at once, and {result.logins} logins"
    print(f"{everything}, on {os.cpu_count()} processors with everything on them")
    raise SystemExit(0 if result.passed else 1)


def _chosen(every: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    chosen = [fault for fault in every if not words or any(word in fault.name for word in words)]
    if not chosen:
        print_remark(f"no fault has {' or '.join(words)} in its name; there are: {'; '.join(f.name for f in every)}")
        raise SystemExit(2)
    return chosen


def row_of(toll: Toll) -> list[str]:
    """Lay out what a fault cost."""
    from ivr.lab.faults.toll import Truth

    heard = ", ".join(f"{count} {heard.value}" for heard, count in toll.heard.items())
    truths = [str(toll.truths.get(truth, 0)) for truth in (Truth.UNTOLD, Truth.LOST, Truth.WRONG)]
    times = [f"{seconds:.0f} s" for seconds in (toll.new_calls_failed_s, toll.whole_again_s)]
    logins = [str(toll.logins), str(sum(toll.login_problems.values()))]
    return [toll.period.fault, str(toll.calls), str(toll.concerned), heard or "-", *truths, *times, *logins]
