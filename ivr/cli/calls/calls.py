"""`ivr calls` and `ivr call show`: find a call, and see why it went as it did."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ivr.cli.calls.call_queries import OUTCOME_NAMES, SinceOption, call_reader, digits
from ivr.cli.calls.call_queries import outcome as read_outcome
from ivr.cli.common import reporting_errors
from ivr.cli.output.tables import terminal
from ivr.cli.serving.interrupts import interrupts

if TYPE_CHECKING:
    from ivr.records import CallSummary

_LIMIT: Final = 50
_MOST: Final = 100_000


@reporting_errors
def calls(
    number: Annotated[
        str | None,
        typer.Option(
            callback=digits,
            help="The caller or target number; a part of one is looked for in the latest 100,000 calls.",
        ),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(callback=read_outcome, help=f"One of {', '.join(OUTCOME_NAMES)}.")
    ] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most, the latest.")] = _LIMIT,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            "-f",
            help="Go on until Ctrl-C or SIGTERM: print each call when it starts (its outcome is in_progress then) and "
            "again when it has ended.",
        ),
    ] = False,
) -> None:
    """List calls, the latest last. `ivr call show ID` shows why one went as it did."""
    from ivr.cli.calls.call_table import print_calls
    from ivr.cli.calls.follow import Follower
    from ivr.records import Query

    query = Query(number=number, outcome=outcome, since=since, limit=limit)
    console = terminal()
    header = True

    def show(found: Sequence[CallSummary]) -> None:
        nonlocal header
        print_calls(console, found, header=header)
        header = False

    with ExitStack() as stack:
        stopping = stack.enter_context(interrupts()) if follow else None
        reader = stack.enter_context(call_reader())
        follower = Follower(reader, query) if follow else None
        found = reader.search(query)[::-1]
        if found:
            show(found)
        else:
            print("No calls yet." if follow else "No calls.", flush=True)
        if follower is not None and stopping is not None:
            follower.saw(found)
            follower.follow(show, stopping)


@reporting_errors
def show(
    call_id: Annotated[str, typer.Argument(metavar="ID", help="As `ivr calls` shows it; its first digits are enough.")],
) -> None:
    """Show what happened in one call: what was said, each key with its figures, and why keys were not heard."""
    from ivr.cli.calls.one_call import print_call

    with call_reader() as reader:
        record = reader.only(call_id)
    print_call(record, terminal())
