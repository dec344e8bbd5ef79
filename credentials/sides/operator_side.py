"""The operator's side of the store: lines and numbers, locks, the audit trail, and the keys in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, delete, func, insert, select, union_all, update

from credentials import audit
from credentials.audit import Action, AuditRecord, Entry, Head, Verification
from credentials.errors import NumberTaken, UnknownLine
from credentials.limits import throttling
from credentials.lines import provisioning
from credentials.lines.csv_file import read_lines, require_language, write_lines
from credentials.lines.importing import ImportProgress, ImportStage, LinesImport
from credentials.lines.numbers import normalise_number
from credentials.model import DEFAULT_LANGUAGE, ImportResult, Line
from credentials.schema import KEYED, lines, numbers
from credentials.sides.base import StoreBase
from credentials.site import session_table
from credentials.site.session import EndReason
from storage.database import database_border, hold_table

_OPERATOR = "operator"


class OperatorSide(StoreBase):
    """The methods that operators' commands call. `operator` says who gives the command, for the audit trail."""

    @database_border
    def list_lines(self) -> list[Line]:
        """Return all lines in the order of their contract numbers."""
        with self._database.reading() as connection:
            return list(provisioning.all_lines(connection))

    @database_border
    def line_of(self, number: str) -> Line:
        """Return the line that a number belongs to.

        Raises:
            InvalidNumber: that is not a number.
            UnknownLine: no line has it.
        """
        number = normalise_number(number)
        with self._database.reading() as connection:
            line = provisioning.find_line(connection, number)
        if line is None:
            raise UnknownLine(f"no line has the number {number}")
        return line

    @database_border
    def export_lines(self, target: TextIO) -> int:
        """Write all lines as a file that `import_lines` reads, and return how many there are.

        Args:
            target: a text stream (opened with newline="").
        """
        listed = self.list_lines()
        write_lines(listed, target)
        return len(listed)

    @database_border
    def import_lines(
        self,
        source: str | Path | TextIO,
        *,
        remove_absent: bool = False,
        operator: str = _OPERATOR,
        progress: ImportProgress = lambda _stage, _done, _of: None,
    ) -> ImportResult:
        """Import a lines file (`credentials.lines.csv_file` describes its form).

        All of it is checked before anything is changed. Then it is stored in short transactions, so that calls go on;
        each line changes at once. An import that stops before its end leaves each line as it was or as the file says,
        and running it again does the rest.

        Afterwards a line that the file names has exactly the numbers that the file gives it; it stays locked if it was.
        A line that the file does not name is left alone, or removed with `remove_absent`. A number that stays on its
        line keeps its credentials; one that is removed or moves to another line loses them. A number cannot be taken
        from a line that the file does not name (unless that line is removed).

        Args:
            source: a path, or an open text stream.
            remove_absent: whether to remove the lines that the file does not name.
            operator: who does it.
            progress: called as the import goes on.

        Raises:
            BadLinesFile: with the row and column of each problem; nothing was changed.
            ImportStopped: the database failed after some lines were stored; the text says how far the import got.
        """
        listed = read_lines(source, lambda rows: progress(ImportStage.READING, rows, None))
        return LinesImport(
            self._database,
            listed,
            remove_absent=remove_absent,
            record=lambda connection, entries: self._record(connection, entries, actor=operator, origin=""),
            progress=progress,
        ).run()

    @database_border
    def add_line(self, contract_number: str, *, language: str = DEFAULT_LANGUAGE, operator: str = _OPERATOR) -> None:
        """Add a line that has only its contract number.

        Raises:
            InvalidNumber: that is not a number.
            NumberTaken: a line has it already.
            ValueError: the language is not an ISO 639 code.
        """
        number = normalise_number(contract_number)
        require_language(language)
        with self._changing(operator) as (connection, entries):
            _require_free(connection, number)
            connection.execute(insert(lines).values(contract_number=number, language=language))
            connection.execute(insert(numbers).values(number=number, contract_number=number))
            entries.append(Entry(Action.LINE_ADDED, number, f"language {language}"))

    @database_border
    def add_number(self, number: str, *, to: str, operator: str = _OPERATOR) -> None:
        """Add a number to the line with the contract number `to`.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
            NumberTaken: a line has the number already.
        """
        number, to = normalise_number(number), normalise_number(to)
        with self._changing(operator) as (connection, entries):
            _require_line(connection, to)
            _require_free(connection, number)
            connection.execute(insert(numbers).values(number=number, contract_number=to))
            entries.append(Entry(Action.NUMBER_ADDED, number, f"to line {to}"))

    @database_border
    def move_number(self, number: str, *, to: str, operator: str = _OPERATOR) -> None:
        """Move an additional number to the line with the contract number `to`, and remove its credentials.

        Raises:
            InvalidNumber, UnknownLine: there is no such number or line.
            NumberTaken: it is a contract number, or is on that line already.
        """
        number, to = normalise_number(number), normalise_number(to)
        with self._changing(operator) as (connection, entries):
            _require_line(connection, to)
            if _require_additional(connection, number) == to:
                raise NumberTaken(f"{number} is on line {to} already")
            provisioning.drop_credentials(connection, number)
            connection.execute(
                update(numbers).where(numbers.c.number == number).values(contract_number=to, refused_until=None)
            )
            entries.append(Entry(Action.NUMBER_MOVED, number, f"to line {to}"))

    @database_border
    def remove_number(self, number: str, *, operator: str = _OPERATOR) -> None:
        """Remove an additional number with its credentials.

        Raises:
            InvalidNumber, UnknownLine: there is no such number.
            NumberTaken: it is a contract number; `remove_line` removes the whole line.
        """
        number = normalise_number(number)
        with self._changing(operator) as (connection, entries):
            _require_additional(connection, number)
            connection.execute(delete(numbers).where(numbers.c.number == number))
            entries.append(Entry(Action.NUMBER_REMOVED, number))

    @database_border
    def remove_line(self, contract_number: str, *, operator: str = _OPERATOR) -> None:
        """Remove a line with all its numbers and credentials.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
        """
        contract_number = normalise_number(contract_number)
        with self._changing(operator) as (connection, entries):
            _require_line(connection, contract_number)
            line = provisioning.find_line(connection, contract_number)
            connection.execute(delete(lines).where(lines.c.contract_number == contract_number))
            gone = sorted(line.numbers if line is not None else ())
            entries += [Entry(Action.NUMBER_REMOVED, number) for number in gone]
            entries.append(Entry(Action.LINE_REMOVED, contract_number))

    @database_border
    def lock_line(self, contract_number: str, *, operator: str = _OPERATOR) -> bool:
        """Lock a line out: its callers are refused, nothing is set for it, none of its numbers logs in, sessions end.

        Returns:
            Whether this changed anything. If the line was locked out already, nothing is recorded.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
        """
        number = normalise_number(contract_number)
        with self._database.writing() as connection:
            _require_line(connection, number)
            line = provisioning.hold_line(connection, number)
            if line is not None and line.locked:
                return False
            now = self.now()
            provisioning.set_lock(connection, number, now)
            session_table.end_line(connection, number, EndReason.LOCKED, now)
            self._record(connection, [Entry(Action.LINE_LOCKED, number)], actor=operator, origin="")
        return True

    @database_border
    def unlock_line(self, contract_number: str, *, operator: str = _OPERATOR) -> bool:
        """Let a line in again that was locked out or is refused for its calls, and forget those calls.

        Returns:
            Whether this changed anything. If the line was not locked out and had no calls that count, nothing is
            recorded.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
        """
        number, now = normalise_number(contract_number), self.now()
        with self._database.writing() as connection:
            _require_line(connection, number)
            line = provisioning.hold_line(connection, number)
            if line is not None and not line.locked and not throttling.is_counting(connection, number, now=now):
                return False
            provisioning.set_lock(connection, number, None)
            throttling.forget(connection, number)
            self._record(connection, [Entry(Action.LINE_UNLOCKED, number)], actor=operator, origin="")
        return True

    # The audit trail

    def record(self, connection: Connection, entry: Entry, *, operator: str) -> None:
        """Record a change that another room makes in the store's database, in the transaction that makes it.

        Args:
            connection: that writing transaction, which does this last.
            entry: what is changed.
            operator: who does it.
        """
        self._record(connection, [entry], actor=operator, origin="")

    @database_border
    def record_ahead(self, entry: Entry, *, operator: str) -> None:
        """Record something before it is done outside the database, so that it is never done without a record.

        Args:
            entry: what will be done.
            operator: who does it.
        """
        with self._database.writing() as connection:
            self._record(connection, [entry], actor=operator, origin="")

    @database_border
    def audit_records(self, *, number: str | None = None, last: int | None = None) -> list[AuditRecord]:
        """Return records of the audit trail in their order.

        Args:
            number: return only what was done to this number.
            last: return only this many of the newest.

        Raises:
            InvalidNumber: that is not a number.
        """
        wanted = None if number is None else normalise_number(number)
        with self._database.reading() as connection:
            return list(audit.records(connection, number=wanted, last=last))

    @database_border
    def verify_audit(self, *, since: Head | None = None) -> Verification:
        """Check that the audit trail is whole (see `credentials.audit`).

        Args:
            since: a head that was noted earlier; the records that it covers must still be there.
        """
        with self._database.reading() as connection:
            return audit.verify(connection, self._ring, since=since)

    @database_border
    def audit_head(self) -> Head:
        """Return where the audit trail ends now."""
        with self._database.reading() as connection:
            return audit.head(connection, self._ring.current)

    @property
    def current_key_id(self) -> str:
        """The id of the key that makes new hashes."""
        return self._ring.current.key_id

    @property
    def earlier_key_ids(self) -> frozenset[str]:
        """The ids of the keys at hand that made new hashes before the current one."""
        return frozenset(key.key_id for key in self._ring if self._ring.precedes(key.key_id))

    @database_border
    def key_usage(self) -> dict[str, int]:
        """Return how many credentials each key made, by key id; a key that made none is left out."""
        used = union_all(*(select(table.c.key_id) for table in KEYED)).subquery()
        counting = select(used.c.key_id, func.count().label("credentials")).where(used.c.key_id.is_not(None))
        counting = counting.group_by(used.c.key_id)
        with self._database.reading() as connection:
            return {row.key_id: row.credentials for row in connection.execute(counting)}

    @contextmanager
    def _changing(self, operator: str) -> Iterator[tuple[Connection, list[Entry]]]:
        """Enter a transaction that holds all lines; what the body adds to the list is recorded at its end."""
        entries: list[Entry] = []
        with self._database.writing() as connection:
            hold_table(connection, lines)
            yield connection, entries
            self._record(connection, entries, actor=operator, origin="")


def _owner(connection: Connection, number: str) -> str | None:
    owner: str | None = connection.scalar(select(numbers.c.contract_number).where(numbers.c.number == number))
    return owner


def _require_free(connection: Connection, number: str) -> None:
    owner = _owner(connection, number)
    if owner is not None:
        raise NumberTaken(f"{number} is a number of line {owner} already")


def _require_line(connection: Connection, contract_number: str) -> None:
    owner = _owner(connection, contract_number)
    if owner != contract_number:
        whose = "" if owner is None else f": it is a number of line {owner}"
        raise UnknownLine(f"no line has the contract number {contract_number}{whose}")


def _require_additional(connection: Connection, number: str) -> str:
    owner = _owner(connection, number)
    if owner is None:
        raise UnknownLine(f"no line has the number {number}")
    if owner == number:
        raise NumberTaken(f"{number} is a contract number: it can only be removed with its whole line")
    return owner
