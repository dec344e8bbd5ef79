"""The settings site's side of the store: one-time passwords of a whole line by a CSV file (docs/rules.md 3.15)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from os import cpu_count

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import NotAllowed
from credentials.lines import provisioning
from credentials.model import Line, Unit
from credentials.one_time import choices, csv_file, drafts, links, rehearsals
from credentials.one_time.choices import Choice, NewChoice
from credentials.one_time.csv_file import FileRow
from credentials.one_time.drafts import DraftRow
from credentials.one_time.found import Found
from credentials.one_time.model import LinkToSend
from credentials.one_time.rehearsal import CheckAddress, FileApplied, FileVerdict, Rehearsal, RehearsedRow, rehearse
from credentials.one_time.rehearsals import RehearsalState
from credentials.rules import MANY_NUMBERS
from credentials.secrets.hashing import KeyedHash
from credentials.sides.history_side import HistorySide
from credentials.sides.session_side import WHEN_COMPLETE
from credentials.site.session import Session
from storage.database import database_border

WriteLinks = Callable[[Connection, Sequence[LinkToSend]], None]
"""Writes the mails that carry links, in the transaction that stores the links."""
HashProgress = Callable[[int, int], None]
"""Called with how many confirmation passwords are hashed, and how many there are in all. It must not raise."""


def _no_progress(_done: int, _of: int) -> None:
    """Tell nobody."""


class BulkSide(HistorySide):
    """The methods for the page that sets the one-time passwords of a line by a file.

    They are for the contract number, in unit ADMIN_USER or on a line of 33 numbers or more. Each raises:

        NotAllowed: the session may not.
    """

    @database_border
    def one_time_file(self, session_id: str) -> bytes:
        """Return what the numbers of the line have chosen, as a CSV file without confirmation passwords."""
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(session, provisioning.find_line(connection, session.number))
            known = choices.find_all(connection, line.numbers)
        self._database.end_moment()  # nothing is read while the file is made
        return csv_file.write_rows((number, known.get(number)) for number in sorted(line.numbers))

    @database_border
    def rehearse_one_time_file(
        self, session_id: str, data: bytes, *, check_address: CheckAddress, progress: HashProgress = _no_progress
    ) -> Rehearsal:
        """Say what a file would do, row by row; if it has no problem, keep it for the button that stores it.

        This takes time: each confirmation password in it is hashed (0.03 s), as many at once as there are processors.

        Args:
            session_id: the id of a complete session.
            data: the file, as it was uploaded.
            check_address: says what is wrong with an address, or None: the rules are the mail's.
            progress: called as the hashing goes on.

        Raises:
            BadOneTimeFile: it cannot be read, or is larger than 8 MiB or 20,000 rows.
        """
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(session, provisioning.find_line(connection, session.number))
            known = choices.find_all(connection, line.numbers)
        rows = csv_file.read_rows(data)
        rehearsed = rehearse(rows, line.numbers, line.contract_number, known, check_address)
        answer = Rehearsal(tuple(rehearsed))
        if answer.problems or not answer.changes:
            return answer
        changing = [(row, each) for row, each in zip(rows, rehearsed, strict=True) if each.changes]
        hashes = self._hash_confirmations([row for row, each in changing if each.new_password], progress)
        draft = [_draft_row(each, known.get(each.number), hashes.get(each.number)) for _, each in changing]
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            now = self.now()
            draft_id = drafts.store(connection, held.session.name, draft, now)
        return replace(answer, draft_id=draft_id, expires_at=now + drafts.LIFETIME)

    @database_border
    def start_rehearsal(self, session_id: str) -> str | None:
        """Note that a file of a session waits to be rehearsed, in place of its earlier one.

        Whoever rehearses it calls `note_rehearsal` every second, and `end_rehearsal` at the end.

        Returns:
            The rehearsal's id; None if an earlier one of the session still runs.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            _require_bulk(held.session, held.line)
            return rehearsals.start(connection, held.session.name, self.now())

    @database_border
    def note_rehearsal(self, rehearsal_id: str, done: int, total: int) -> None:
        """Note that a rehearsal is still at work, with how many passwords it has hashed, and of how many."""
        with self._database.writing() as connection:
            rehearsals.note(connection, rehearsal_id, done, total, self.now())

    @database_border
    def end_rehearsal(self, rehearsal_id: str, found: Found) -> None:
        """Keep what a rehearsal found, until its session has it stored or uploads another file; for an hour at most."""
        with self._database.writing() as connection:
            rehearsals.end(connection, rehearsal_id, found)

    @database_border
    def rehearsal_state(self, session_id: str) -> RehearsalState | None:
        """Return how far the rehearsal of a session's file is, and what it found; None if there is none."""
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            return rehearsals.find(connection, session.name, self.now())

    @database_border
    def apply_one_time_file(self, session_id: str, draft_id: str, write: WriteLinks) -> FileApplied:
        """Store all that a rehearsed file changes, or nothing. It can be stored once, within an hour.

        An address that is new waits for its link, as always; half-finished logins of its number end. Numbers that the
        file gives the same address share one link.

        Args:
            session_id: the id of the session that rehearsed it.
            draft_id: what the rehearsal said; any text.
            write: writes the mails with the links, one for each address that is new, however many numbers share it.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(held.session, held.line)
            now = self.now()
            rehearsals.remove(connection, held.session.name)
            rows = drafts.take(connection, held.session.name, draft_id, now)
            if rows is None:
                return FileApplied(FileVerdict.GONE)
            known = choices.find_all(connection, [row.new.number for row in rows])
            changed = tuple(row.new.number for row in rows if _is_changed(row, line, known))
            if changed:
                return FileApplied(FileVerdict.CHANGED, changed)
            new = [_keeping(row.new, known.get(row.new.number)) for row in rows]
            choices.replace_all(connection, new, now)
            entries = [_chosen(each) for each in new]
            entries += _send_links(connection, new, line.language, write, now)
            self._record(connection, entries, actor=held.session.number, origin=held.origin)
        return FileApplied(FileVerdict.STORED, tuple(each.number for each in new))

    def _hash_confirmations(self, rows: list[FileRow], progress: HashProgress) -> Mapping[str, KeyedHash]:
        def hashed(row: FileRow) -> tuple[str, KeyedHash]:
            return row.number, self._confirmation_hasher.hash(row.number, row.confirmation_password)

        found: dict[str, KeyedHash] = {}
        with ThreadPoolExecutor(cpu_count() or 1, "confirmations") as threads:
            for done, (number, new) in enumerate(threads.map(hashed, rows), 1):
                found[number] = new
                progress(done, len(rows))
        return found


def _require_bulk(session: Session, line: Line | None) -> Line:
    is_contract = session.number == session.contract_number
    if line is None or not is_contract:
        raise NotAllowed(f"{session.number} may not set the one-time passwords of a line")
    if line.unit is not Unit.ADMIN_USER and len(line.numbers) < MANY_NUMBERS:
        raise NotAllowed(f"line {line.contract_number} has fewer than {MANY_NUMBERS} numbers: set each by itself")
    return line


def _draft_row(row: RehearsedRow, known: Choice | None, hashed: KeyedHash | None) -> DraftRow:
    new, seen = row.new, None if known is None else known.version
    if new is None or not new.used:
        return DraftRow(NewChoice(row.number, used=False), seen)
    confirmed = None if known is None else known.address
    waiting = None if known is None else known.provisional_address
    return DraftRow(
        NewChoice(
            number=row.number,
            used=True,
            address=confirmed,
            provisional_address=waiting if new.address == confirmed else new.address,
            confirmation_id=new.confirmation_id,
            confirmation=hashed,
        ),
        seen,
    )


def _is_changed(row: DraftRow, line: Line, known: Mapping[str, Choice]) -> bool:
    choice = known.get(row.new.number)
    return row.new.number not in line.numbers or row.version_seen != (None if choice is None else choice.version)


def _keeping(new: NewChoice, known: Choice | None) -> NewChoice:
    """Return a choice with the confirmation password that it keeps."""
    if not new.used or new.confirmation is not None or known is None:
        return new
    return replace(new, confirmation=known.confirmation)


def _chosen(new: NewChoice) -> Entry:
    return Entry(Action.ONE_TIME_CHOSEN, new.number, f"{'used' if new.used else 'not used'}, by a file")


def _send_links(
    connection: Connection, new: Iterable[NewChoice], language: str, write: WriteLinks, now: datetime
) -> list[Entry]:
    """Make a link for each address that waits, have their mails written, and return what to record."""
    numbers: dict[str, list[str]] = {}
    for each in new:
        if each.provisional_address is not None:
            numbers.setdefault(each.provisional_address, []).append(each.number)
    made = [links.new_link(theirs, address, language, now) for address, theirs in numbers.items()]
    if made:
        links.replace_all(connection, made, now)
        write(connection, made)
    return [Entry(Action.ONE_TIME_LINK_SENT, number) for link in made for number in link.numbers]
