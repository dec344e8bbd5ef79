"""The settings site's side of the store: logging in, and changing the password.

The rules are in docs/rules.md 3.1, 3.2, 3.4 and 3.5. A change of the unit is in `credentials.sides.unit_change`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import DamagedCredential
from credentials.limits.origin import origin_of
from credentials.limits.origin_brake import is_braked, note_wrong
from credentials.lines import provisioning
from credentials.model import (
    ChangeReason,
    Line,
    Login,
    LoginVerdict,
    PasswordChange,
    PasswordProblem,
    Unit,
)
from credentials.one_time import choices
from credentials.rules import PASSWORD_LIFETIME, has_temporary_form
from credentials.secrets import passwords, temporary
from credentials.secrets.hashing import Hasher, KeyedHash
from credentials.secrets.password_policy import password_problems
from credentials.secrets.passwords import Password
from credentials.secrets.temporary import TemporaryPassword
from credentials.sides.base import NO_NUMBER, StoreBase, number_or_none
from credentials.site import login_locks, session_table
from credentials.site.session import EndReason
from storage.database import database_border

_GONE = PasswordChange(changed=False)
SAME_AS_CURRENT = PasswordChange(changed=False, problems=frozenset({PasswordProblem.CURRENT}))


@dataclass(frozen=True)
class Try:
    """A secret that was tried at a number, and compared with what was stored a moment ago.

    Attributes:
        number: the number that it was tried at.
        is_temporary: whether the secret has the form of a temporary password.
        stored: the credential that the secret can be, judging by that form; None if the number has none.
        matches: whether the secret is that credential.
    """

    number: str
    is_temporary: bool
    stored: TemporaryPassword | Password | None
    matches: bool

    @property
    def kind(self) -> str:
        """The kind of credential that the secret can be, in words for the audit trail."""
        return "temporary password" if self.is_temporary else "password"


class SiteSide(StoreBase):
    """The methods that the settings site calls."""

    @database_border
    def log_in(self, number: str, secret: str, *, session_id: str, origin: str = "") -> Login:
        """Judge a login try with a temporary password or a password. Any text may come in.

        Eight digits can only be a temporary password, and anything else can only be a password, so one hash is enough.
        Its cost is that of the kind that was typed, whatever is stored: the time of the answer tells a stranger only
        what he typed. (The one exception: a temporary password from before an upgrade that changed the cost, while it
        can still open something.)

        A right secret sets its credential's count of wrong tries back to 0; any try that opens nothing counts against
        each live credential of the number.

        The answer is given only after the count was written. So however many tries run at once, no more than 3 in a row
        (10 for a password) are judged wrong; after them even the right secret is refused.

        Args:
            number: what was typed as the number.
            secret: what was typed as the temporary password or password.
            session_id: the session's name for the audit trail.
            origin: where the try comes from, such as the client's address; its wrong tries are braked (`TryLimits`). If
                it is "" (not known), there is no brake.

        Raises:
            DamagedCredential: the stored hash cannot be read.
            KeyMismatch: the stored hash was made with a key that this host does not have.
        """
        return self._log_in(number, secret, session_id, origin, accepted=lambda _connection, _login: None)

    def _log_in(
        self, number: str, secret: str, session_id: str, origin: str, *, accepted: Callable[[Connection, Login], None]
    ) -> Login:
        """Do what `log_in` does; `accepted` is called in the transaction of a login that is accepted."""
        known, whence = number_or_none(number), origin_of(origin)
        while True:
            tried = self._try(known, secret)
            with self._database.writing() as connection:
                line = provisioning.hold_line(connection, known)
                login = self._judge(connection, line, tried, whence)
                if login is None:
                    continue
                if login.verdict.accepted:
                    accepted(connection, login)
                entry = Entry(Action.LOGIN, login.number, f"{login.verdict}, {tried.kind}")
                self._record(connection, [entry], actor=login.number, origin=f"session {session_id}")
            if login.verdict.accepted:
                self._renew(tried, secret)
            return login

    def _judge(self, connection: Connection, line: Line | None, tried: Try, whence: str) -> Login | None:
        """Judge and count a try, in a transaction that holds the line.

        Returns:
            The verdict; None if the credential was replaced while the secret was hashed: try again with the new one.
        """
        stored = _stored(connection, tried.number, is_temporary=tried.is_temporary)
        if credential_id(stored) != credential_id(tried.stored):
            return None
        other = _stored(connection, tried.number, is_temporary=not tried.is_temporary)
        if self._is_braked(connection, tried.number, whence):
            return Login(LoginVerdict.BRAKED, _shown(tried.number))
        if is_locked_out(connection, line, tried.number):
            login = Login(LoginVerdict.LOCKED, _shown(tried.number))
        else:
            login = _verdict_on(line, tried, stored, other, self.now())
        self._count(connection, tried, login)
        if whence and not login.verdict.accepted:
            # Of whatever kind: if unknown numbers were not counted, the pause itself would tell which are known.
            note_wrong(connection, whence, tried.number, limits=self._tries, now=self.now())
        return login

    @database_border
    def change_password(self, login: Login, new_password: str, *, session_id: str) -> PasswordChange:
        """Store a new password for the number of a login; this uses its temporary password up, and ends its sessions.

        The first password of a line that has no unit gives it the unit that its temporary password carries.

        Args:
            login: an accepted one. Its credential must still be as it was: if the same login is used for several
                changes at once, one wins.
            new_password: what the subscriber chose; any text.
            session_id: the session's name for the audit trail.

        Raises:
            ValueError: the login was not accepted.
        """
        if not login.verdict.accepted or login.line is None:
            raise ValueError(f"a login that was {login.verdict} changes no password")
        number = login.number
        problems = password_problems(new_password, login.line.numbers)
        if problems:
            return PasswordChange(changed=False, problems=problems)
        hashed = self._password_hasher.hash(number, new_password)
        while True:
            with self._database.reading() as connection:
                current = passwords.find(connection, number)
            same = self._is_same(current, number, new_password)
            with self._database.writing() as connection:
                line = provisioning.hold_line(connection, number)
                if credential_id(passwords.find(connection, number)) != credential_id(current):
                    continue  # it was replaced while we compared
                now = self.now()
                proved = self._proved(connection, login, now)
                if line is None or is_locked_out(connection, line, number) or proved is None:
                    return _GONE
                if same:
                    return SAME_AS_CURRENT
                entries = store_password(connection, line, number, hashed, proved, now)
                self._record(connection, entries, actor=number, origin=f"session {session_id}")
            return PasswordChange(changed=True, expires_at=now + PASSWORD_LIFETIME)

    def _is_same(self, current: Password | None, number: str, new_password: str) -> bool:
        if current is None:
            return False
        try:
            return self._password_hasher.matches(number, new_password, current.hash)
        except DamagedCredential:
            return False  # the new password is the remedy

    def _try(self, number: str, secret: str) -> Try:
        """Compare a secret with the stored credential that it can be.

        This always costs one hash of that kind of credential. A temporary password that opens nothing any more is not
        compared, because its hash may be older and cost more.
        """
        is_temporary = has_temporary_form(secret)
        with self._database.reading() as connection:
            stored = _stored(connection, number, is_temporary=is_temporary)
        is_over = isinstance(stored, TemporaryPassword) and not stored.state(self.now()).accepted
        compared = None if stored is None or is_over else stored.hash
        matches = self._hasher(is_temporary=is_temporary).matches(number, secret, compared)
        return Try(number, is_temporary, stored, matches)

    def _hasher(self, *, is_temporary: bool) -> Hasher:
        return self._temporary_hasher if is_temporary else self._password_hasher

    def _is_braked(self, connection: Connection, number: str, origin: str) -> bool:
        return bool(origin) and is_braked(connection, origin, number, limits=self._tries, now=self.now())

    def _count(self, connection: Connection, tried: Try, login: Login) -> None:
        """Count a wrong try against each live credential, or reset a right one's count.

        A try at locked logins counts against nobody. It takes the same statements as any other, as does one at a number
        that no line has: the time of a refusal must not tell them apart.
        """
        if not login.verdict.accepted:
            whose = NO_NUMBER if login.verdict is LoginVerdict.LOCKED else tried.number
            temporary.count_failure(connection, whose, self.now())
            passwords.count_failure(connection, whose)
            return
        kind = temporary if tried.is_temporary else passwords
        kind.end_count(connection, tried.number)

    def _renew(self, tried: Try, secret: str) -> None:
        """Recompute the hash of an accepted login's secret, if the stored one is outdated.

        This is done after the login, not within it: the time of a second hash must not show that a refused secret was
        right.
        """
        hasher = self._hasher(is_temporary=tried.is_temporary)
        if tried.stored is None or not hasher.is_outdated(tried.stored.hash):
            return
        new = hasher.hash(tried.number, secret)
        kind = temporary if tried.is_temporary else passwords
        with self._database.writing() as connection:
            provisioning.hold_line(connection, tried.number)
            stored = _stored(connection, tried.number, is_temporary=tried.is_temporary)
            if credential_id(stored) == tried.stored.credential_id:
                kind.rehash(connection, tried.number, new)

    def _proved(self, connection: Connection, login: Login, now: datetime) -> TemporaryPassword | Password | None:
        """Return the credential that a login proved, if it is still there and not void."""
        by_temporary = login.must_change is ChangeReason.TEMPORARY
        stored = _stored(connection, login.number, is_temporary=by_temporary)
        if stored is None or stored.credential_id != login.credential_id:
            return None
        state = stored.state(now)
        still_good = state.accepted or (state is LoginVerdict.EXPIRED and not by_temporary)
        return stored if still_good else None


def is_locked_out(connection: Connection, line: Line | None, number: str) -> bool:
    """Return whether a number may not log in: its line is locked, or its logins are.

    It asks the database in any case, also for a number that no line has: the time must tell nothing.
    """
    logins_are = login_locks.is_locked(connection, number, number if line is None else line.contract_number)
    return logins_are or (line is not None and line.locked)


def store_password(
    connection: Connection,
    line: Line,
    number: str,
    hashed: KeyedHash,
    proved: TemporaryPassword | Password,
    now: datetime,
    *,
    detail: str = "",
) -> list[Entry]:
    """Store a number's new password, use up its temporary one, end its sessions, and return what to record.

    The first password of a line gives it the unit of the temporary password that was proved.
    """
    passwords.replace(connection, number, hashed, set_at=now, expires_at=now + PASSWORD_LIFETIME)
    temporary.remove(connection, number)
    choices.end_count(connection, number)
    session_table.end(connection, [number], EndReason.PASSWORD_CHANGED, now)
    entries = [Entry(Action.PASSWORD_CHANGED, number, detail)]
    if line.unit is None and isinstance(proved, TemporaryPassword):
        entries += adopt_unit(connection, line, proved.unit)
    return entries


def adopt_unit(connection: Connection, line: Line, unit: Unit) -> list[Entry]:
    """Give a line a unit (docs/rules.md 3.3); remove temporary passwords of another one; return what to record."""
    provisioning.set_unit(connection, line.contract_number, unit)
    temporary.remove_other_units(connection, line.contract_number, unit)
    return [Entry(Action.UNIT_CHANGED, line.contract_number, f"from {line.unit or 'none'} to {unit}")]


def _shown(number: str) -> str:
    return "" if number == NO_NUMBER else number


def _stored(connection: Connection, number: str, *, is_temporary: bool) -> TemporaryPassword | Password | None:
    return temporary.find(connection, number) if is_temporary else passwords.find(connection, number)


def credential_id(stored: TemporaryPassword | Password | None) -> str | None:
    """Return the id of a stored credential; None if there is none."""
    return None if stored is None else stored.credential_id


def _verdict_on(
    line: Line | None,
    tried: Try,
    stored: TemporaryPassword | Password | None,
    other: TemporaryPassword | Password | None,
    now: datetime,
) -> Login:
    """Judge a try by the credential that it can be; if the number has only the other kind, the try is wrong."""
    number = _shown(tried.number)
    judged = stored or other
    if line is None or judged is None:
        return Login(LoginVerdict.UNKNOWN, number)
    state = judged.state(now)
    if state is LoginVerdict.VOID or (state is LoginVerdict.EXPIRED and isinstance(judged, TemporaryPassword)):
        return Login(state, number)
    if judged is not stored or not tried.matches:
        return Login(LoginVerdict.WRONG, number)
    must_change = None
    if tried.is_temporary:
        must_change = ChangeReason.TEMPORARY
    elif state is LoginVerdict.EXPIRED:
        must_change = ChangeReason.EXPIRED
    return Login(LoginVerdict.ACCEPTED, number, must_change, line, judged.credential_id)
