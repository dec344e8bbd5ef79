"""The CSV file of call notices, one row a number (docs/rules.md 7.6).

    "number","use","only listed","only unanswered","together",
    "address 1","send 1", ... "address 5","send 5","number 1","name 1","counts 1", ... "number 30","name 30","counts 30"

Five addresses are followed by thirty listed numbers; what is empty at a row's end may be missing. Ticks are 1 or 0; an
empty one is 0. `use` says whether notices are started. A row with nothing but its number stands for a number that has
chosen nothing, and changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from credentials.errors import BadFile
from credentials.lines.csv_cells import CURLY, has_curly_quotes, no_formula, read_cells, read_number, write_cells
from credentials.lines.unseen import with_unseen_named
from notice.settings.checking import faults, tidied
from notice.settings.model import MOST_ADDRESSES, MOST_LISTED, Address, Fault, Listed, Settings
from notice.settings.model import Problem as Broken

NUMBER: Final = "number"
TICKS: Final = ("use", "only listed", "only unanswered", "together")
COLUMNS: Final = (
    *(NUMBER, *TICKS),
    *(f"{part} {place}" for place in range(1, MOST_ADDRESSES + 1) for part in ("address", "send")),
    *(f"{part} {place}" for place in range(1, MOST_LISTED + 1) for part in ("number", "name", "counts")),
)
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 2000
_TICK_COLUMNS: Final = tuple(column for column in COLUMNS if column.partition(" ")[0] in ("send", "counts")) + TICKS
_SHOWN: Final = 20


class BadNoticeFile(BadFile):
    """A file of call notices cannot be read, or is too large. (Problems of single rows are in its rehearsal.)"""


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong with a row. Its repr shows no address.

    Attributes:
        column: the column; "" for the whole row.
        reason: what is wrong and what to do; "" if it is a fault of the settings.
        fault: the fault of the settings.
        address: the address that it is about.
    """

    column: str
    reason: str = ""
    fault: Fault | None = None
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class FileRow:
    """One row of a file.

    Attributes:
        row: the row as a spreadsheet counts it, from 1.
        number: the number; "" if the row has none that can be read.
        new: the settings that stand there; None if there are none, or something is wrong.
        wrong: what is wrong, whatever is stored.
    """

    row: int
    number: str
    new: Settings | None
    wrong: tuple[Wrong, ...] = ()


def read_rows(data: bytes) -> list[FileRow]:
    """Return the rows of a file.

    Raises:
        BadNoticeFile: it is no such file, or larger than 4 MiB or 2000 rows.
    """
    cells = read_cells(data, most_bytes=MOST_BYTES, most_rows=MOST_ROWS, error=BadNoticeFile)
    return [_row(row, each) for row, each in cells]


def write_rows(numbers: Iterable[tuple[str, Settings | None]]) -> bytes:
    """Return what numbers have chosen as a file that `read_rows` reads; None for a number that has chosen nothing."""
    return write_cells([list(COLUMNS), *([number, *_cells(chosen)] for number, chosen in numbers)])


def _cells(chosen: Settings | None) -> Iterator[str]:
    if chosen is None or not chosen.version:
        return
    for ticked in (chosen.started, chosen.only_listed, chosen.only_unanswered, chosen.together):
        yield str(int(ticked))
    for address in chosen.addresses:
        yield from (no_formula(address.address), str(int(address.ticked)))
    if chosen.listed:
        yield from [""] * 2 * (MOST_ADDRESSES - len(chosen.addresses))
    for each in chosen.listed:
        yield from (f'="{each.number}"', no_formula(each.name), str(int(each.ticked)))


def _row(row: int, cells: Sequence[str]) -> FileRow:
    if len(cells) > len(COLUMNS):
        reason = f"it has {len(cells)} cells, and may have {len(COLUMNS)} at most"
        return FileRow(row, "", None, (Wrong("", reason),))
    by_column = dict.fromkeys(COLUMNS, "") | dict(zip(COLUMNS, cells, strict=False))
    number, reason = read_number(by_column[NUMBER])
    wrong = [Wrong(NUMBER, reason)] if reason else []
    wrong += [
        Wrong(column, CURLY) for column, cell in by_column.items() if has_curly_quotes(cell) and _is_plain(column)
    ]
    if not any(cell for column, cell in by_column.items() if column != NUMBER):
        return FileRow(row, number, None, tuple(wrong))
    for column in _TICK_COLUMNS:
        wrong += [Wrong(column, reason) for reason in _wrong_tick(by_column[column], is_use=column == TICKS[0])]
    settings = _settings(by_column)
    wrong += _faults(settings, by_column)
    return FileRow(row, number, None if wrong else settings, tuple(wrong))


def _is_plain(column: str) -> bool:
    """Return whether a column cannot have such quotes: a name may."""
    return not column.startswith("name ")


def _wrong_tick(cell: str, *, is_use: bool) -> Iterator[str]:
    if is_use and not cell:
        yield "write 1 to start the notices, or 0 to stop them"
    elif cell not in ("", "0", "1"):
        shown = with_unseen_named(unicodedata.normalize("NFKC", cell)[:_SHOWN])
        yield f"{shown!r} is neither 0 nor 1: write 1 for a tick, or 0 for none"


def _settings(by_column: Mapping[str, str]) -> Settings:
    started, only_listed, only_unanswered, together = (by_column[column] == "1" for column in TICKS)
    addresses = tuple(
        Address(address=by_column[f"address {place}"], ticked=by_column[f"send {place}"] == "1")
        for place in range(1, MOST_ADDRESSES + 1)
    )
    listed = tuple(
        Listed(
            number=by_column[f"number {place}"],
            name=by_column[f"name {place}"],
            ticked=by_column[f"counts {place}"] == "1",
        )
        for place in range(1, MOST_LISTED + 1)
    )
    return tidied(
        Settings(
            started=started,
            only_listed=only_listed,
            only_unanswered=only_unanswered,
            together=together,
            addresses=addresses,
            listed=listed,
        )
    )


def _faults(settings: Settings, by_column: Mapping[str, str]) -> Iterator[Wrong]:
    """Yield the faults of settings, each with its column: rows that are empty were left out."""
    addresses = [place for place in range(1, MOST_ADDRESSES + 1) if by_column[f"address {place}"]]
    listed = [
        place for place in range(1, MOST_LISTED + 1) if by_column[f"number {place}"] or by_column[f"name {place}"]
    ]
    for fault in faults(settings):
        if fault.place and fault.problem in (Broken.ADDRESS, Broken.SAME_ADDRESS):
            place = addresses[fault.place - 1]
            yield Wrong(f"address {place}", fault=fault, address=by_column[f"address {place}"])
        elif fault.place:
            part = "name" if fault.problem is Broken.NAME else "number"
            yield Wrong(f"{part} {listed[fault.place - 1]}", fault=fault)
        else:
            yield Wrong("", fault=fault)
