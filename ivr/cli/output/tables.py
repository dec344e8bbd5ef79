"""Prints the tables of all commands.

On a terminal a table is as wide as its rows need. If that is wider than the terminal, columns of prose are wrapped. If
that is not enough, each row becomes a block of a few lines, with the columns' names beside the values. Nothing is left
out, and no id or number is broken. Where a program may read the output, away from a terminal, each row is a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ivr.cli.common import printable
from ivr.cli.output.wrapping import longest_word, wrap

Cell = str | Text
Row = Sequence[Cell]

GAP: Final = 2
"""Blanks between two columns."""
_INDENT: Final = 2
"""Blanks before each line of a block except its first."""
_READABLE: Final = 24
"""A column of prose that is narrower than this is hard to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: its heading.
        least: how many columns of the terminal it takes at least, so that rows printed later stand under it.
        right: whether its cells stand at its right edge.
        prose: whether its cells may be wrapped between words.
    """

    name: str = ""
    least: int = 0
    right: bool = False
    prose: bool = False


def terminal() -> Console:
    """Open the console to which commands print what people read."""
    return Console(highlight=False)


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Row], *, header: bool = True) -> None:
    """Print a table.

    Args:
        console: where to print; its width decides the form of the table.
        columns: the columns.
        rows: a cell for each column; a text from outside in a `str` cannot steer the terminal.
        header: whether to name the columns, once, above the rows. Blocks name them in each row.
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        for row in ([_headings(columns)] if header else []) + cells:
            one_line = [Text(" ").join(cell.split("\n")) for cell in row]
            print(next(_lines(columns, one_line, _natural(columns, cells))).plain.rstrip(), flush=True)
        return
    widths = _widths(columns, cells, console.width)
    if widths is None:
        for row in cells:
            print_lines(console, _block(columns, row, _natural(columns, cells), console.width))
        return
    if header:
        print_lines(console, _lines(columns, _headings(columns), widths))
    for row in cells:
        print_lines(console, _lines(columns, row, widths))


def print_lines(console: Console, lines: Iterator[Text]) -> None:
    """Print lines as they are, without wrapping them again."""
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)


def print_hanging(console: Console, head: str, text: Cell) -> None:
    """Print a text; on a terminal its further lines stand under its first one, to the right of `head`."""
    columns = Column(least=cell_len(head)), Column(prose=True)
    if not console.is_terminal or cell_len(head) + _READABLE > console.width:
        console.print(Text(head) + _text(text), soft_wrap=True)
        return
    for place, line in enumerate(wrap(_text(text), console.width - columns[0].least)):
        console.print(Text(" " * columns[0].least if place else head) + line, soft_wrap=True)


# --- widths -------------------------------------------------------------------------------------------------


def _natural(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> list[int]:
    """Compute how wide each column is if nothing is wrapped."""
    return [
        max([column.least, cell_len(column.name), *(_width(row[place]) for row in rows)])
        for place, column in enumerate(columns)
    ]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> list[int] | None:
    """Compute how wide each column is on a terminal; None if they do not fit beside each other."""
    natural = _natural(columns, rows)
    spare = width - GAP * (len(columns) - 1)
    if sum(natural) <= spare:
        return natural
    widths = [
        max(column.least, cell_len(column.name), min(wide, _READABLE), *(longest_word(row[place]) for row in rows))
        if column.prose and rows
        else wide
        for place, (column, wide) in enumerate(zip(columns, natural, strict=True))
    ]
    spare -= sum(widths)
    if spare < 0:
        return None
    narrow = sorted((place for place in range(len(columns)) if widths[place] < natural[place]), key=natural.__getitem__)
    for number, place in enumerate(narrow):  # the narrowest first: the others share the room that it does not need
        more = min(natural[place] - widths[place], spare // (len(narrow) - number))
        widths[place] += more
        spare -= more
    return widths


def _width(text: Text) -> int:
    return max((cell_len(line) for line in text.plain.split("\n")), default=0)


# --- rows ---------------------------------------------------------------------------------------------------


def _lines(columns: Sequence[Column], row: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
    """Lay out a row of a table."""
    wrapped = [
        wrap(cell, width) if column.prose else cell.split("\n", allow_blank=True)
        for column, cell, width in zip(columns, row, widths, strict=True)
    ]
    for parts in zip_longest(*wrapped, fillvalue=Text()):
        yield Text(" " * GAP).join(
            _padded(part, width, right=column.right) for column, part, width in zip(columns, parts, widths, strict=True)
        )


def _block(columns: Sequence[Column], row: Sequence[Text], widths: Sequence[int], width: int) -> Iterator[Text]:
    """Lay out a row as a block. The layout depends only on the widths, so that blocks can be compared line by line."""
    line, used = Text(), 0
    for place, (column, cell, wide) in enumerate(zip(columns, row, widths, strict=True)):
        name = f"{column.name} " if column.name else ""
        takes = len(name) + wide
        if used and used + GAP + takes > width:
            yield from [line] if line.plain.strip() else []
            line, used = Text(), 0
        before = " " * (GAP if used else _INDENT if place else 0)
        if used == 0 and len(before) + takes > width:  # prose, with lines of its own
            room = max(width - len(before) - len(name), 1)
            for number, part in enumerate(wrap(cell, room) if cell.plain else []):
                yield Text(before) + (Text(" " * len(name)) if number else Text(name, "dim")) + part
            continue
        shown = Text(name, "dim") + cell if cell.plain else Text()
        line += Text(before) + _padded(shown, takes)
        used += len(before) + takes
    yield from [line] if line.plain.strip() else []


def _padded(text: Text, width: int, *, right: bool = False) -> Text:
    blanks = Text(" " * max(width - cell_len(text.plain), 0))
    return blanks + text if right else text + blanks


def _headings(columns: Sequence[Column]) -> list[Text]:
    return [Text(column.name, "bold") for column in columns]


def _text(cell: Cell) -> Text:
    return Text(printable(cell)) if isinstance(cell, str) else cell
