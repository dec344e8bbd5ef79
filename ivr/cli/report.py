"""`ivr report`: shows how callers fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from ivr.cli.calls.call_queries import SinceOption, call_reader
from ivr.cli.common import reporting_errors
from ivr.cli.output.tables import GAP, Cell, Column, print_table, terminal

if TYPE_CHECKING:
    from ivr.records.report import Tally

_COLUMNS: Final = (
    Column(name="trunk"),
    *(Column(name=name, right=True) for name in ("calls", "admitted", "set", "first try", "keys", "near misses")),
)
_COUNTS: Final = Column(least=28), Column(least=6, right=True), Column()
_LONGEST_BAR: Final = 24


@reporting_errors
def report(
    since: SinceOption = None,
) -> None:
    """Show how many callers got through at the first try, and where the others fail, by trunk."""
    from ivr.records import Query

    with call_reader() as reader:
        counted = reader.report(Query(since=since, limit=None))
    if not counted.total.calls:
        print("No calls.")
        return
    console = terminal()
    rows: list[list[Cell]] = [[trunk or "-", *_figures(tally)] for trunk, tally in counted.by_trunk.items()]
    print_table(console, _COLUMNS, [*rows, [Text("all", "bold"), *_figures(counted.total)]])
    _print_counts(console, "Where callers fail (the last step that they reached)", counted.total.failed_at)
    outcomes = {": ".join(filter(None, why)): count for why, count in counted.total.outcomes.items()}
    _print_counts(console, "How calls ended", outcomes)


def _figures(tally: Tally) -> list[Cell]:
    share = tally.first_try_share
    first = "-" if share is None else f"{tally.first_try} ({100 * share:.0f} %)"
    return [str(tally.calls), str(tally.admitted), str(tally.set_), first, str(tally.keys), str(tally.missed)]


def _print_counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    if not counts:
        return
    console.print()
    console.print(Text(title, "bold"))
    most = max(counts.values())
    beside = sum(column.least + GAP for column in _COUNTS)
    longest = max(min(_LONGEST_BAR, console.width - beside), 1) if console.is_terminal else _LONGEST_BAR
    rows = [
        (f"  {name}", str(count), Text("█" * max(1, round(longest * count / most)), "cyan"))
        for name, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    print_table(console, _COUNTS, rows, header=False)
