"""`ivr load`: shows how many callers at once this machine carries, and how they fare."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ivr.cli.common import print_remark, reporting_errors
from ivr.cli.output.load_progress import progress_of_calls
from ivr.cli.output.tables import Cell, Column, print_table, terminal
from logs.levels import LogLevel

if TYPE_CHECKING:
    from ivr.lab.load.result import LoadResult, Spread

_COLUMNS: Final = Column(), Column(right=True), Column(prose=True)
_SEEDS: Final = 1_000_000
Seed = Annotated[int | None, typer.Option(min=0, help="Draws what each caller does; by default another one each time.")]
_MOST_COMPLAINTS: Final = 20


@reporting_errors
def load(
    calls: Annotated[
        int,
        typer.Option(
            min=1,
            max=4000,
            help="How many callers there are. Who is turned away calls again after 20 to 40 s.",
        ),
    ] = 50,
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="For how long new calls start.")] = 2.0,
    seed: Seed = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Call the service as Asterisk would, for more calls than one carries.")
    ] = False,
    file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")] = None,
) -> None:
    """Have many callers at once call an Asterisk and a service of their own, and show how it went.

    Each caller has a line of their own, and does what a seed draws: some listen, some press during the guidance or type
    ahead, a few make a wrong entry or hang up. Nothing is set in your store. Ctrl-C ends it early, with the figures.

    The exit status is 0 only if the store holds what every caller typed, and all keys were heard of those whose line
    lost none.
    """
    from ivr.cli.serving.interrupts import interrupts
    from ivr.lab.load.result import Load
    from ivr.lab.load.run import run_load
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    wanted = Load(calls=calls, minutes=minutes, seed=seed_or_drawn(seed), direct=direct)
    result: LoadResult | None = None
    with interrupts() as asked, progress_of_calls() as progress:
        result = run_load(wanted, stage=progress.stage, show=progress.show, wait=asked.wait)
    if result is None:
        raise SystemExit(130)
    print_table(terminal(), _COLUMNS, rows_of(result), header=False)
    for complaint in result.complaints[:_MOST_COMPLAINTS]:
        print(complaint)
    if len(result.complaints) > _MOST_COMPLAINTS:
        print(f"and {len(result.complaints) - _MOST_COMPLAINTS} more calls")
    if file is not None:
        _write(file, result)
    raise SystemExit(0 if result.passed else 1)


def seed_or_drawn(seed: int | None) -> int:
    """Give the seed that was asked for, or draw one."""
    return secrets.randbelow(_SEEDS) if seed is None else seed


def _write(file: Path, result: LoadResult) -> None:
    try:
        file.write_text(json.dumps(result.as_json(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        print_remark(f"{file}: cannot be written ({error.strerror})")
        raise SystemExit(1) from None


# --- the table ----------------------------------------------------------------------------------------------


def rows_of(result: LoadResult) -> list[list[Cell]]:
    """Lay out the figures of a load: what each is, the figure, and what else is to be known of it."""
    wanted = result.load
    how = ", without Asterisk" if wanted.direct else ""
    early = ", ended early" if result.ended_early else ""
    fates: list[list[Cell]] = [
        [f"  {fate.value}", str(count), _share(count, result.calls)] for fate, count in result.fates.items()
    ]
    rows: list[list[Cell]] = [
        [
            "calls",
            str(result.calls),
            f"{wanted.calls} at once for {wanted.minutes:g} min, seed {wanted.seed}{how}{early}",
        ],
        *fates,
        ["keys pressed", str(result.keys), f"in {result.clean} calls on clean lines"],
        ["  missed", str(result.keys_missed), ""],
        ["  extra", str(result.keys_extra), ""],
        ["answer to first guidance", *_times(result.first_guidance)],
        ["key to silence", *_times(result.key_to_silence)],
        ["store's answer", *_times(result.store_answer)],
    ]
    ticks = result.ticks
    if ticks is None:
        rows.append(["ticks late", "-", "the service did not report them"])
    else:
        of = f"of {ticks.all} ticks of the service's clock"
        rows.append(["ticks over 20 ms late", _share(ticks.over_20_ms, ticks.all), of])
        rows.append(["ticks over 100 ms late", _share(ticks.over_100_ms, ticks.all), of])
    callers = result.callers
    most = f"at most {1000 * callers.most_s:.0f} ms; if this is much, the figures above say little"
    rows.append(["callers over 20 ms late", _share(callers.late, callers.slots), most])
    processes = Counter(used.part for used in result.parts)
    for used in result.parts:
        name = used.part if processes[used.part] == 1 else f"{used.part} ({used.name})"
        grown = f"{used.memory_mib:.0f} MiB, {used.grown_mib:.0f} more than at the start"
        rows.append([name, f"{used.cores:.2f} cores", grown])
    return rows


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.2f} %" if of else "-"


def _times(spread: Spread | None) -> list[Cell]:
    if spread is None:
        return ["-", ""]
    median, p99, most = (f"{1000 * seconds:.0f} ms" for seconds in (spread.median_s, spread.p99_s, spread.most_s))
    return [median, f"median of {spread.count}; 99 % within {p99}, all within {most}"]
