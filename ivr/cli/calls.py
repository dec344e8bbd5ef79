"""`ivr calls`, `ivr call show` and `ivr report`: find a call, see why it went as it did, see how callers fare."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from credentials import InvalidNumber, StoreUnavailable, normalise_number
from ivr.cli.call_timeline import console as wide_console
from ivr.cli.call_timeline import outcome_text, print_call
from ivr.cli.common import print_error, reporting_errors
from ivr.cli.moments import when
from ivr.cli.tables import print_table
from ivr.dialogue.events import REASONS
from ivr.records import OUTCOMES, CallReader, CallSummary, Fate, Query, open_existing_records
from ivr.records.report import Tally
from ivr.settings import Settings

_FOLLOW_S: Final = 1.0
_LOOK_BACK: Final = timedelta(minutes=30)
"""Longer than any call."""
_LIMIT: Final = 50
_MOST: Final = 100_000
_TEXTS: Final = {
    "call": 12,
    "began": len("2026-11-27 18:48:49+0900"),
    "caller": 11,
    "target": 11,
    "unit": len("ADMIN_USER"),
    "outcome": max(len(f"{outcome} ({reason})") for outcome, reasons in REASONS.items() for reason in reasons),
}
"""Columns of text, and how wide they are."""
_DIGITS: Final = 4
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


@contextmanager
def _reader() -> Iterator[CallReader]:
    database = open_existing_records(Settings.load().store_url)
    try:
        yield CallReader(database)
    finally:
        database.close()


def moment(text: str) -> datetime:
    """Read `--since`: an age (30m, 12h, 7d) or a local date and time (2026-04-01, 2026-04-01T09:30)."""
    age = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    try:
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r}: write an age (30m, 12h, 7d) or a date (2026-04-01T09:30)") from None


def _outcome(text: str | None) -> str | None:
    if text is not None and text not in OUTCOMES:
        raise typer.BadParameter(f"{text!r}: write one of {', '.join(OUTCOMES)}")
    return text


def _digits(text: str | None) -> str | None:
    if text is None:
        return None
    with suppress(InvalidNumber):
        return normalise_number(text)
    # A part of one, with its full-width digits and its hyphens of every kind, as of a whole one.
    digits = re.sub(r"[\W_\u30fc]", "", unicodedata.normalize("NFKC", text))
    if not (digits.isascii() and digits.isdigit()):
        raise typer.BadParameter(f"{text!r}: write digits of the number, for example 0312345678 or 5678")
    return digits


SinceOption = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="Calls that began since: 30m, 12h, 7d or 2026-04-01T09:30."),
]


@reporting_errors
def calls(
    number: Annotated[str | None, typer.Option(callback=_digits, help="Digits of the caller or target number.")] = None,
    outcome: Annotated[str | None, typer.Option(callback=_outcome, help=f"One of {', '.join(OUTCOMES)}.")] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="At most so many, the latest.")] = _LIMIT,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on, and print each call when it has ended.")
    ] = False,
) -> None:
    """List calls, the latest last. `ivr call show ID` tells why one went as it did."""
    console = wide_console()
    with _reader() as reader:
        query = Query(number=number, outcome=outcome, since=since, limit=limit)
        shown = {_seen(call) for call in reader.search(_recent(query))} if follow else set()
        found = reader.search(query)[::-1]
        if found:
            print_table(console, _table(found))
        else:
            console.print("No calls.")
        if follow:
            _follow(reader, console, query, shown | {_seen(call) for call in found})


def _follow(reader: CallReader, console: Console, query: Query, shown: set[tuple[str, str]]) -> None:
    """Print each call when it has ended, or when it begins if calls in progress are asked for, until interrupted.

    One whose outcome changes (it was taken for lost, and was not) is printed again. While the database is away, that is
    said once.

    Args:
        reader: finds them.
        console: where they are printed.
        query: which calls.
        shown: what need not be printed any more; is added to.
    """
    asks_for_begun = query.outcome == Fate.IN_PROGRESS
    is_away = False
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(_FOLLOW_S)
            try:
                recent = reader.search(_recent(query))
            except StoreUnavailable as error:
                if not is_away:
                    print_error(StoreUnavailable(f"{error}; calls are printed again when it is back"))
                is_away = True
                continue
            is_away = False
            for call in reversed(recent):
                if _seen(call) not in shown and (asks_for_begun or not call.in_progress):
                    shown.add(_seen(call))
                    print_table(console, _table([call], header=False))


def _recent(query: Query) -> Query:
    """All calls of a query that may still go on, or ended a moment ago."""
    since = datetime.now(UTC) - _LOOK_BACK
    return replace(query, since=max(since, query.since or since), limit=None)


def _seen(call: CallSummary) -> tuple[str, str]:
    return call.call_id, call.outcome


def _table(found: list[CallSummary], *, header: bool = True) -> Table:
    """Calls, a row each. Widths do not depend on them: what is printed later stands under what is there."""
    table = Table(box=None, show_header=header, header_style="bold", pad_edge=False)
    for name, width in _TEXTS.items():
        table.add_column(name, width=width, overflow="fold")
    for name in ("wrong", "silent", "missed", "s"):
        table.add_column(name, min_width=max(len(name), _DIGITS), justify="right")
    for call in found:
        seconds = "" if call.seconds is None else f"{call.seconds:.0f}"
        table.add_row(
            call.call_id,
            when(call.began.began_at),
            call.began.caller or "-",
            call.target or "-",
            call.unit or "-",
            outcome_text(call),
            str(call.wrong_entries or ""),
            str(call.silences or ""),
            str(call.missed or ""),
            seconds,
        )
    return table


@reporting_errors
def show(
    call_id: Annotated[str, typer.Argument(metavar="ID", help="As `ivr calls` shows it; its beginning is enough.")],
) -> None:
    """Tell what happened in one call: what was said, each key with its figures, and why keys were not heard."""
    with _reader() as reader:
        record = reader.only(call_id)
    print_call(record, wide_console())


@reporting_errors
def report(
    since: SinceOption = None,
) -> None:
    """Tell how many callers got through at the first try, and where the others fail, by trunk."""
    with _reader() as reader:
        told = reader.report(Query(since=since, limit=None))
    console = wide_console()
    if not told.total.calls:
        console.print("No calls.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("trunk")
    for name in ("calls", "admitted", "set", "first try", "keys", "missed"):
        table.add_column(name, justify="right")
    for trunk, tally in told.by_trunk.items():
        table.add_row(trunk or "-", *_figures(tally))
    table.add_row(Text("all", "bold"), *_figures(told.total))
    print_table(console, table)
    _print_counts(console, "Where callers fail (the last step that they reached)", told.total.failed_at)
    outcomes = {f"{outcome}: {reason}": count for (outcome, reason), count in told.total.outcomes.items()}
    _print_counts(console, "How calls ended", outcomes)


def _figures(tally: Tally) -> list[str]:
    share = tally.first_try_share
    first = "-" if share is None else f"{tally.first_try} ({100 * share:.0f} %)"
    return [str(tally.calls), str(tally.admitted), str(tally.set_), first, str(tally.keys), str(tally.missed)]


def _print_counts(console: Console, title: str, counts: dict[str, int]) -> None:
    if not counts:
        return
    console.print(f"\n[bold]{title}[/bold]")
    most = max(counts.values())
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        console.print(f"  {name:<28}{count:>6}  [cyan]{'█' * max(1, round(24 * count / most))}[/cyan]")
