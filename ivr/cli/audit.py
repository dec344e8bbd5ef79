"""`ivr audit`: shows who did what to which number, and whether the record of it is whole."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import load_settings, open_store, reporting_errors
from ivr.cli.output.moments import when
from ivr.cli.output.tables import Column, print_table, terminal
from ivr.cli.output.wording import counted

audit_app = typer.Typer(cls=CommandGroup, help="Show who did what to which number and when.", no_args_is_help=True)

_COLUMNS: Final = (
    Column(name="record", right=True),
    Column(name="when"),
    Column(name="number", least=11),
    Column(name="action"),
    Column(name="by", prose=True),
    Column(name="detail", prose=True),
)


@audit_app.command()
@reporting_errors
def verify(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD",
            help="The noted end of the trail: the head that an earlier verification or a line `audit_trail` of the log"
            " showed, or the number of records alone.",
        ),
    ] = None,
) -> None:
    """Verify that no record was changed, put in or taken out. The exit status is 0 only if the trail is whole.

    Keep the head that it shows in another place, and pass it to --since the next time: then records that were cut off
    at the end show too. The service's log has the head as well, in a line `audit_trail` whenever something was
    recorded.
    """
    from credentials.audit import Head

    try:
        earlier = None if since is None else Head.parse(since)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with open_store(load_settings()) as store:
        verification = store.verify_audit(since=earlier)
    if verification.problem is not None:
        print(f"ivr: the audit trail is NOT whole: {verification.problem}", file=sys.stderr)
        raise SystemExit(1)
    print(f"the audit trail is whole: {counted(verification.head.position, 'record')}; head {verification.head}")


@audit_app.command()
@reporting_errors
def show(
    number: Annotated[str | None, typer.Option(help="Only what was done to this number.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many records, from the end.")] = 50,
) -> None:
    """Show the newest records."""
    with open_store(load_settings()) as store:
        records = store.audit_records(number=number, last=last)
    rows = [
        (
            str(record.position),
            when(record.at),
            record.number,
            record.action,
            " from ".join(filter(None, (record.actor, record.origin))),
            record.detail,
        )
        for record in records
    ]
    if rows:
        print_table(terminal(), _COLUMNS, rows)
    else:
        print("no records" if number is None else f"no records of {number}")
