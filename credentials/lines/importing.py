"""Imports a whole lines file: checks all of it first, then stores it piece by piece.

One transaction for 300,000 numbers takes 10 to 30 s, and no caller can set a password meanwhile. So each transaction
stores a piece that takes about a seventh of a second, and others have their turn between two pieces. Each line changes
at once: a reader sees its old state or its new one, and the two lines between which a number moves change together. An
interrupted import leaves some lines old and some new; importing the same file again does the rest.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from credentials.audit import Entry
from credentials.errors import BadLinesFile, ImportStopped
from credentials.lines import changes as lines_changes
from credentials.lines.changes import Changes, Known
from credentials.lines.csv_file import ListedLine
from credentials.model import ImportResult
from credentials.schema import lines
from storage.database import Database, database_border, hold_table
from storage.errors import StoreUnavailable

_PIECE_S: Final = 0.15
"""How long one transaction should take. A call's write waits 0.5 s at most beside 300,000 lines; it was 10 s."""
_FIRST_PIECE, _SMALLEST_PIECE, _LARGEST_PIECE = 200, 50, 5000
"""Changes in one transaction."""


class ImportStage(StrEnum):
    """The stage that an import has reached."""

    READING = "READING"
    """It reads rows of the file; their total is not known in advance."""
    STORING = "STORING"
    """It stores the lines that differ from the file."""


ImportProgress = Callable[[ImportStage, int, int | None], None]
"""Called with the stage, how much of it is done, and how much there is in all (None if not known)."""
Record = Callable[[Connection, list[Entry]], None]
"""Records in the audit trail what a transaction has done, as its last step."""


class LinesImport:
    """One import of one file.

    Args:
        database: the database that holds the lines.
        listed: what the file says.
        remove_absent: whether to remove the lines that the file does not name.
        record: writes the audit trail.
        progress: called between transactions.
    """

    def __init__(
        self,
        database: Database,
        listed: Mapping[str, ListedLine],
        *,
        remove_absent: bool,
        record: Record,
        progress: ImportProgress,
    ) -> None:
        self._database = database
        self._listed = listed
        self._remove_absent = remove_absent
        self._record = record
        self._progress = progress
        self._moved: list[str] = []
        self._removed: list[str] = []
        self._piece = _FIRST_PIECE

    def run(self) -> ImportResult:
        """Make the database's lines what the file says; see `CredentialStore.import_lines` for the rules.

        Raises:
            BadLinesFile: a number belongs to a line that the file does not name; nothing was changed.
            ImportStopped: the database failed after some lines were stored.
        """
        groups = self._groups()
        done, total = 0, sum(len(group) for group, _ in groups)
        self._progress(ImportStage.STORING, done, total)
        for piece in self._pieces(groups):
            problem = self._stop_of(piece, done)
            if problem is not None:
                raise ImportStopped(problem, done=done, total=total)
            done += len(piece)
            self._progress(ImportStage.STORING, done, total)
            if done < total:
                self._database.give_way()
        return ImportResult(
            lines=len(self._listed),
            numbers=sum(len(line.places) for line in self._listed.values()),
            moved=tuple(sorted(self._moved)),
            removed=tuple(sorted(self._removed)),
            languages=frozenset(line.language for line in self._listed.values() if line.language is not None),
            repeated=tuple(sorted(row for line in self._listed.values() for row in line.repeated)),
        )

    @database_border
    def _groups(self) -> list[tuple[list[str], int]]:
        """Compare everything; return the lines that change, in groups that change together, and each group's weight."""
        with self._database.reading() as connection:
            if self._remove_absent:
                known = lines_changes.know_all(connection)
            else:  # what the file does not name stays as it is: a few lines must not cost a look at all of a carrier's
                wanted = [number for line in self._listed.values() for number in line.places]
                known = lines_changes.know_some(connection, self._listed, wanted)
        absent = known.languages.keys() - self._listed.keys() if self._remove_absent else frozenset[str]()
        changes = lines_changes.compare(known, self._listed, absent)
        weights, together = _by_line(changes, known), _Together()
        for row in changes.moved:
            together.join(known.owners[row["moved"]], row["contract_number"])
        groups: dict[str, list[str]] = {}
        for line in (*self._listed, *sorted(absent)):
            if line in weights:
                groups.setdefault(together.name(line), []).append(line)
        return [(group, sum(weights[line] for line in group)) for group in groups.values()]

    def _pieces(self, groups: list[tuple[list[str], int]]) -> Iterator[list[str]]:
        """Yield each transaction's lines in turn, as many as fit the current size of a piece."""
        piece: list[str] = []
        weight = 0
        for group, more in groups:
            if piece and weight + more > self._piece:
                yield piece
                piece, weight = [], 0
            piece = piece + group
            weight += more
        if piece:
            yield piece

    def _stop_of(self, piece: list[str], done: int) -> str | None:
        """Store a piece; return what stops the import, if other pieces were stored before.

        Raises:
            StoreUnavailable, BadLinesFile: this piece failed, and no piece was stored before it.
        """
        try:
            self._store(piece)
        except (StoreUnavailable, BadLinesFile) as error:
            if done == 0:
                raise
            return str(error)
        return None

    @database_border
    def _store(self, piece: list[str]) -> None:
        """Compare a piece again, because others may have changed it, and store it in one transaction."""
        listed = {line: self._listed[line] for line in piece if line in self._listed}
        wanted = [number for line in listed.values() for number in line.places]
        began = time.monotonic()
        with self._database.writing() as connection:
            hold_table(connection, lines)
            known = lines_changes.know_some(connection, piece, wanted)
            changes = lines_changes.compare(known, listed, frozenset(piece) - listed.keys())
            lines_changes.apply(connection, changes)
            self._record(connection, list(lines_changes.entries(changes)))
        self._adapt(time.monotonic() - began, sum(_by_line(changes, known).values()))
        self._moved += [row["moved"] for row in changes.moved]
        self._removed += [row["removed"] for row in changes.removed_numbers]

    def _adapt(self, took_s: float, weight: int) -> None:
        fitting = int(weight * _PIECE_S / max(took_s, 1e-3))
        self._piece = max(_SMALLEST_PIECE, min(fitting, 2 * self._piece, _LARGEST_PIECE))


class _Together:
    """Which lines change together: sets that are joined in pairs."""

    def __init__(self) -> None:
        self._leaders: dict[str, str] = {}

    def name(self, line: str) -> str:
        """Return the name that all lines of a set share."""
        while (leader := self._leaders.get(line, line)) != line:
            self._leaders[line] = self._leaders.get(leader, leader)  # halves the way for the next look-up
            line = leader
        return line

    def join(self, one: str, other: str) -> None:
        self._leaders[self.name(one)] = self.name(other)


def _by_line(changes: Changes, known: Known) -> Counter[str]:
    """Return how much changes on each line. A number that moves counts on its old line and on its new one."""
    weights = Counter(row["contract_number"] for row in (*changes.new_lines, *changes.new_numbers, *changes.moved))
    weights.update(row["line"] for row in changes.languages)
    weights.update(known.owners[row["moved"]] for row in changes.moved)
    weights.update(known.owners[row["removed"]] for row in changes.removed_numbers)
    weights.update(row["removed"] for row in changes.removed_lines)
    return weights
