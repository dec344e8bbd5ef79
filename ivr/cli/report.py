"""`ivr report`: shows how callers fare, and how many logged in at the settings site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from ivr.cli.calls.call_queries import SinceOption, call_records
from ivr.cli.common import reporting_errors
from ivr.cli.output.tables import GAP, Cell, Column, print_table, terminal

if TYPE_CHECKING:
    from credentials.site.login_counts import LoginCounts
    from ivr.records.report import Report, Tally

_COLUMNS: Final = (
    Column(name="trunk"),
    *(Column(name=name, right=True) for name in ("calls", "admitted", "set", "first try", "keys", "near misses")),
)
_LOGIN_COLUMNS: Final = (
    Column(name="logins on"),
    *(
        Column(name=name, right=True)
        for name in ("accepted", "temporary password", "password", "one-time password", "refused", "locked")
    ),
)
_COUNTS: Final = Column(least=28), Column(least=6, right=True), Column()
_LONGEST_BAR: Final = 24
_DAYS: Final = 14
"""How many days of logins have a row each; those before share one."""


@reporting_errors
def report(
    since: SinceOption = None,
) -> None:
    """Show how many callers got through at the first try and where the others fail, and the logins of each day."""
    from credentials.site.login_counts import count_logins, first_login
    from ivr.records import CallReader, Query

    now = datetime.now(UTC)
    with call_records() as database:
        counted = CallReader(database).report(Query(since=since, limit=None))
        begin = since or first_login(database) or now
        bounds = day_bounds(begin, now)
        logins = count_logins(database, bounds)
    _print_calls(counted)
    if any(logins):
        print()
        _print_logins(bounds, logins)


def day_bounds(begin: datetime, now: datetime) -> list[datetime]:
    """Return the moments between which logins are counted: local midnights, of the last `_DAYS` days at most."""
    today = now.astimezone().date()
    midnights = [datetime.combine(today - timedelta(days=ago), time()).astimezone() for ago in range(_DAYS)]
    return [begin, *(midnight for midnight in reversed(midnights) if begin < midnight < now), now]


def _print_calls(counted: Report) -> None:
    if not counted.total.calls:
        print("No calls.")
        return
    console = terminal()
    rows: list[list[Cell]] = [[trunk or "-", *_figures(tally)] for trunk, tally in counted.by_trunk.items()]
    print_table(console, _COLUMNS, [*rows, [Text("all", "bold"), *_figures(counted.total)]])
    _print_counts(console, "Where callers fail (the last step that they reached)", counted.total.failed_at)
    outcomes = {": ".join(filter(None, why)): count for why, count in counted.total.outcomes.items()}
    _print_counts(console, "How calls ended", outcomes)


def _print_logins(bounds: list[datetime], logins: list[LoginCounts]) -> None:
    """Print the logins of each day that had some."""
    from credentials.site.login_counts import LoginCounts, Tried

    console = terminal()
    total = sum(logins, LoginCounts())
    rows: list[list[Cell]] = [
        [_period(begin, end), *_login_figures(counts)]
        for (begin, end), counts in zip(pairwise(bounds), logins, strict=True)
        if counts
    ]
    print_table(console, _LOGIN_COLUMNS, [*rows, [Text("all", "bold"), *_login_figures(total)]])
    words = {Tried.PASSWORD: "", Tried.CODE: "one-time password: "}
    refused = {f"{words[tried]}{verdict.lower()}": count for (tried, verdict), count in total.refused.items()}
    _print_counts(console, "Why logins were refused", refused)


def _period(begin: datetime, end: datetime) -> str:
    first, last = begin.astimezone().date(), (end - timedelta(microseconds=1)).astimezone().date()
    return f"{first}" if first == last else f"{first} to {last}"


def _login_figures(counts: LoginCounts) -> list[Cell]:
    figures = counts.accepted, counts.by_temporary, counts.by_password, counts.by_code, counts.all_refused
    return [*map(str, figures), str(counts.locked)]


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
