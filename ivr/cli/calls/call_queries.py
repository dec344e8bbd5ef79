"""Which calls a command is about: reads its options, and opens the call records."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from ivr.cli.common import load_settings

if TYPE_CHECKING:
    from ivr.records import CallReader
    from storage.database import Database

OUTCOME_NAMES: Final = ("set", "refused", "failed", "abandoned", "error", "in_progress", "lost")
"""The outcomes of `ivr.records.OUTCOMES`, written out so that the help need not load the records."""
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


@contextmanager
def call_records() -> Iterator[Database]:
    """Open the settings' store, which has to have call records.

    Raises:
        StorageError: there are none, or they cannot be read.
    """
    from ivr.records import open_existing_records

    database = open_existing_records(load_settings().store_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def call_reader() -> Iterator[CallReader]:
    """Open the call records of the settings' store, as `call_records` does."""
    from ivr.records import CallReader

    with call_records() as database:
        yield CallReader(database)


def moment(text: str) -> datetime:
    """Read `--since`: an age (30m, 12h, 7d) or a local date and time (2026-04-01, 2026-04-01T09:30)."""
    age = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    try:
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r}: write an age (30m, 12h, 7d) or a date (2026-04-01T09:30)") from None


def outcome(text: str | None) -> str | None:
    """Read `--outcome`."""
    if text is not None and text not in OUTCOME_NAMES:
        raise typer.BadParameter(f"{text!r}: write one of {', '.join(OUTCOME_NAMES)}")
    return text


def digits(text: str | None) -> str | None:
    """Read `--number`: a telephone number or a part of one."""
    if text is None:
        return None
    with suppress(InvalidNumber):
        return normalise_number(text)
    # A part of a number: full-width digits and all kinds of hyphens are taken, as in a whole one.
    found = re.sub(r"[\W_\u30fc]", "", unicodedata.normalize("NFKC", text))
    if not (found.isascii() and found.isdigit()):
        raise typer.BadParameter(f"{text!r}: write digits of the number, for example 0312345678 or 5678")
    return found


SinceOption = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="Calls that started since: 30m, 12h, 7d or 2026-04-01T09:30."),
]
