"""The settings site's side: the call notices of a whole line by a CSV file (docs/rules.md 7.6)."""

from __future__ import annotations

from dataclasses import replace

from credentials.audit import Action, Entry
from credentials.errors import NotAllowed
from credentials.lines import provisioning
from credentials.model import Line
from credentials.one_time.rehearsal import FileApplied, FileVerdict
from credentials.rules import MANY_NUMBERS
from credentials.sides.session_side import WHEN_COMPLETE, SessionSide
from credentials.site.session import Session
from notice.settings import csv_file, table
from notice.settings.model import summary
from notice.settings.rehearsal import Rehearsal, rehearse, seen
from notice.store import drafts
from storage.database import database_border


class NoticeBulkSide(SessionSide):
    """The methods for the page that sets the call notices of a line by a file.

    They are for the contract number of a line of 33 numbers or more. Each raises:

        NotAllowed: the session may not.
    """

    @database_border
    def notice_file(self, session_id: str) -> bytes:
        """Return what the numbers of the line have chosen, as a CSV file."""
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(session, provisioning.find_line(connection, session.number))
            known = table.find_all(connection, line.numbers)
        self._database.end_moment()  # nothing is read while the file is made
        return csv_file.write_rows((number, known.get(number)) for number in sorted(line.numbers))

    @database_border
    def rehearse_notice_file(self, session_id: str, data: bytes) -> Rehearsal:
        """Say what a file would do, row by row; if nothing is wrong, keep it for the button that stores it.

        Raises:
            BadNoticeFile: it cannot be read, or is larger than 4 MiB or 2000 rows.
        """
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(session, provisioning.find_line(connection, session.number))
            known = table.find_all(connection, line.numbers)
        self._database.end_moment()  # a large file takes a second
        rows = csv_file.read_rows(data)
        answer = rehearse(rows, line.numbers, known)
        if not answer.changes:
            return answer
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            draft_id = drafts.store(connection, held.session.name, data, seen(rows, known), self.now())
        return replace(answer, draft_id=draft_id)

    @database_border
    def apply_notice_file(self, session_id: str, draft_id: str) -> FileApplied:
        """Store all that a rehearsed file changes, or nothing. It can be stored once, within an hour.

        Args:
            session_id: the id of the session that rehearsed it.
            draft_id: what the rehearsal said; any text.
        """
        with self._database.reading() as connection:
            session, at_first = self._look_with_line(connection, session_id, WHEN_COMPLETE)
            _require_bulk(session, at_first)
            draft = drafts.find(connection, session.name, draft_id, self.now())
        if draft is None:
            return FileApplied(FileVerdict.GONE)
        self._database.end_moment()  # a large file takes a second
        rows = csv_file.read_rows(draft[0])
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            line = _require_bulk(held.session, held.line)
            now = self.now()
            if drafts.take(connection, held.session.name, draft_id, now) != draft:
                return FileApplied(FileVerdict.GONE)
            known = table.find_all(connection, line.numbers)
            answer = rehearse(rows, line.numbers, known)
            if answer.wrong or seen(rows, known) != draft[1]:
                return FileApplied(FileVerdict.CHANGED)
            new = {row.number: row.new for row in answer.rows if row.new is not None}
            table.replace_all(connection, new, now)
            entries = [
                Entry(Action.NOTICE_CHANGED, number, f"{summary(chosen)}, by a file") for number, chosen in new.items()
            ]
            self._record(connection, entries, actor=held.session.number, origin=held.origin)
        return FileApplied(FileVerdict.STORED, tuple(new))


def _require_bulk(session: Session, line: Line | None) -> Line:
    if line is None or session.number != session.contract_number:
        raise NotAllowed(f"{session.number} may not set the call notices of a line")
    if len(line.numbers) < MANY_NUMBERS:
        raise NotAllowed(f"line {line.contract_number} has fewer than {MANY_NUMBERS} numbers: set each by itself")
    return line
