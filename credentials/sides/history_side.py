"""The settings site's side of the store: the history, and "this was not me" (docs/rules.md 3.13)."""

from collections.abc import Collection

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import NotAllowed
from credentials.model import Line
from credentials.one_time import choices
from credentials.secrets import passwords, temporary
from credentials.sides.code_side import CodeSide
from credentials.sides.session_side import WHEN_COMPLETE
from credentials.site import history, login_locks, session_table
from credentials.site.history import HistoryPage
from credentials.site.login_locks import LockOf
from credentials.site.session import EndReason, Session
from storage.database import database_border


class HistorySide(CodeSide):
    """The methods for the page of the history."""

    @database_border
    def history(self, session_id: str, *, before: int | None = None, size: int = 50) -> HistoryPage:
        """Return who set, changed and logged in, when, and by which proof: the newest first.

        The contract number of a line of unit LINE or ADMIN_USER sees all numbers of its line, any other number itself.

        Args:
            session_id: the id of a complete session.
            before: the position from which on the page has older events; by default it has the newest.
            size: the most events that the page has.
        """
        with self._database.reading() as connection:
            session, line = self._look_with_line(connection, session_id, WHEN_COMPLETE)
            return history.page(connection, _seen(session, line), before=before, size=size)

    @database_border
    def report(self, session_id: str, position: int) -> None:
        """Take "this was not me" of an event: lock the line's logins until a call from it sets a temporary password.

        All sessions of the line end, this one too. The number that the event was done to loses its password, its
        temporary password and its choice of one-time passwords, which somebody else may know or have set.

        Args:
            session_id: the id of a complete session.
            position: the event's position.

        Raises:
            NotAllowed: the session's history has no such event.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            event = history.find(connection, _seen(held.session, held.line), position)
            if event is None:
                raise NotAllowed(f"the history of {held.session.number} has no event {position}")
            contract_number, now = held.line.contract_number, self.now()
            login_locks.lock(connection, contract_number, LockOf.LINE, now)
            session_table.end_line(connection, contract_number, EndReason.REPORTED, now)
            entries = [Entry(Action.LOGINS_LOCKED, contract_number, f"record {position} was reported")]
            entries += _forget_credentials(connection, event.number)
            self._record(connection, entries, actor=held.session.number, origin=held.origin)


def _seen(session: Session, line: Line | None) -> Collection[str]:
    """Return the numbers whose history a session sees."""
    return line.numbers if line is not None and session.is_administrator else {session.number}


def _forget_credentials(connection: Connection, number: str) -> list[Entry]:
    """Remove all that opens a number's login, and return what to record."""
    temporary.remove(connection, number)
    entries = [Entry(Action.PASSWORD_REMOVED, gone) for gone in passwords.remove(connection, [number])]
    if choices.forget(connection, [number]):
        entries.append(Entry(Action.ONE_TIME_RESET, number))
    return entries
