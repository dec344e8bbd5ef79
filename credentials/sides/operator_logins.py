"""The operator's side of the store: the state of a line's credentials, and what ends or locks logins.

The rules are in docs/rules.md 3.14. `operator` says who does it, for the audit trail.
"""

from credentials.audit import Action, Entry
from credentials.errors import UnknownLine
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.one_time import choices
from credentials.sides.base import StoreBase
from credentials.site import login_locks, session_table, states
from credentials.site.login_locks import LockOf
from credentials.site.session import EndReason
from credentials.site.states import LineState
from storage.database import database_border


class OperatorLoginsSide(StoreBase):
    """The methods for the logins of a line's numbers. Each raises, if there is no such number:

    InvalidNumber, UnknownLine: that is not a number, or no line has it.
    """

    @database_border
    def credentials_of(self, number: str, *, after: str = "", size: int = 100) -> LineState:
        """Return the state of the credentials of a number's line, without any secret.

        Args:
            number: any number of the line.
            after: only the numbers after this one.
            size: the most numbers to return.
        """
        number = normalise_number(number)
        with self._database.reading() as connection:
            line = provisioning.find_line(connection, number)
            if line is None:
                raise UnknownLine(f"no line has the number {number}")
            return states.read(connection, line, after=after, size=size, limits=self._session_limits, now=self.now())

    @database_border
    def lock_logins(self, number: str, *, operator: str) -> bool:
        """Lock a number's logins and end its sessions; calls go on. `unlock_logins` ends that.

        Returns:
            Whether this changed anything. If they were locked already, nothing is recorded.
        """
        number = normalise_number(number)
        with self._database.writing() as connection:
            if provisioning.hold_line(connection, number) is None:
                raise UnknownLine(f"no line has the number {number}")
            now = self.now()
            if not login_locks.lock(connection, number, LockOf.NUMBER, now):
                return False
            session_table.end(connection, [number], EndReason.LOCKED, now)
            self._record(connection, [Entry(Action.LOGINS_LOCKED, number)], actor=operator, origin="")
        return True

    @database_border
    def unlock_logins(self, number: str, *, operator: str) -> bool:
        """Unlock a number's logins, and those of its line where a subscriber reported an event.

        Returns:
            Whether this changed anything. If they were not locked, nothing is recorded.
        """
        number = normalise_number(number)
        with self._database.writing() as connection:
            line = provisioning.hold_line(connection, number)
            if line is None:
                raise UnknownLine(f"no line has the number {number}")
            locks = ((number, LockOf.NUMBER), (line.contract_number, LockOf.LINE))
            unlocked = [whose for whose, of in locks if login_locks.unlock(connection, whose, of)]
            entries = [Entry(Action.LOGINS_UNLOCKED, whose) for whose in unlocked]
            self._record(connection, entries, actor=operator, origin="")
        return bool(unlocked)

    @database_border
    def end_sessions(self, number: str, *, whole_line: bool = False, operator: str) -> int:
        """End the sessions of a number, or of all numbers of its line, half-finished logins among them.

        Returns:
            How many there were. If there was none, nothing is recorded.
        """
        number = normalise_number(number)
        with self._database.writing() as connection:
            line = provisioning.hold_line(connection, number)
            if line is None:
                raise UnknownLine(f"no line has the number {number}")
            whose, now = (line.contract_number if whole_line else number), self.now()
            if whole_line:
                ended = session_table.end_line(connection, whose, EndReason.ENDED_BY_OPERATOR, now)
            else:
                ended = session_table.end(connection, [whose], EndReason.ENDED_BY_OPERATOR, now)
            if ended:
                entry = Entry(Action.SESSIONS_ENDED, whose, f"{ended}{' of the line' if whole_line else ''}")
                self._record(connection, [entry], actor=operator, origin="")
        return ended

    @database_border
    def reset_one_time_password(self, number: str, *, operator: str) -> bool:
        """Forget what a number has chosen about one-time passwords, for a subscriber who cannot read his mail any more.

        Its sessions end. Its next complete login has to choose again.

        Returns:
            Whether it had chosen. If not, nothing is recorded.
        """
        number = normalise_number(number)
        with self._database.writing() as connection:
            if provisioning.hold_line(connection, number) is None:
                raise UnknownLine(f"no line has the number {number}")
            if not choices.forget(connection, [number]):
                return False
            session_table.end(connection, [number], EndReason.SETTINGS_CHANGED, self.now())
            self._record(connection, [Entry(Action.ONE_TIME_RESET, number)], actor=operator, origin="")
        return True
