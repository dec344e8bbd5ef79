"""The settings site's side of the store: sessions, and what is done within one (docs/rules.md 3.9).

A page asks `session` first. Every other method checks the session again in the transaction that changes something, so
that nothing is stored for a session that has just ended.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import InvalidNumber, NotAllowed, SessionOver, WrongStage
from credentials.limits.origin import origin_of
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.model import Line, Login, LoginVerdict, PasswordChange, Unit, UnitChange
from credentials.rules import PASSWORD_LIFETIME
from credentials.secrets import passwords, temporary
from credentials.secrets.hashing import KeyedHash
from credentials.secrets.password_policy import password_problems
from credentials.secrets.passwords import Password
from credentials.sides.site_side import SAME_AS_CURRENT, credential_id, store_password
from credentials.sides.unit_change import UnitChangeSide, by_number
from credentials.site import session_table
from credentials.site.session import (
    EndedSession,
    EndReason,
    Entered,
    Session,
    SessionId,
    SessionStart,
    Stage,
    Use,
    digest_of,
    new_name,
)
from credentials.site.session_table import USE_STEP, NewSession, StoredSession
from storage.database import database_border, read_once

WHILE_CHANGING = frozenset({Stage.CHANGE_PASSWORD, Stage.COMPLETE})
WHEN_COMPLETE = frozenset({Stage.COMPLETE})


@dataclass(frozen=True)
class HeldSession:
    """A session in force, in a transaction that holds its line.

    Attributes:
        session: the session.
        stored: as it is stored.
        line: its line.
    """

    session: Session
    stored: StoredSession
    line: Line

    @property
    def origin(self) -> str:
        """What the audit trail says of where a change came from."""
        return f"session {self.session.name}"


class SessionSide(UnitChangeSide):
    """The methods that the settings site calls with the id of a session.

    Each takes as `session_id` what the browser's cookie holds, which may be any text, and raises:

        SessionOver: there is no such session, or it has ended; `ended` says why and when.
        WrongStage: the session has not come that far; `stage` says what has to be done first.
    """

    @database_border
    def start_session(self, number: str, secret: str, *, origin: str = "") -> SessionStart:
        """Judge a login try as `log_in` does, and start a session if it is accepted.

        The session has a new id, whatever id the browser had before (end that one with `log_out`). Every earlier
        session of the number ends: the newest login wins.

        Args:
            number: what was typed as the number.
            secret: what was typed as the temporary password or password.
            origin: where the try comes from, as for `log_in`.

        Raises:
            DamagedCredential, KeyMismatch: as for `log_in`.
        """
        new_id, name = SessionId.random(), new_name()

        def start(connection: Connection, login: Login) -> None:
            now = self.now()
            session_table.remove_old(connection, self._session_limits, now)
            asked = self._next_step(connection, login.number, now)
            new = NewSession(
                id=new_id,
                name=name,
                number=login.number,
                must_change=login.must_change,
                credential_id=str(login.credential_id),
                is_complete=login.must_change is None and asked is None,
            )
            session_table.start(connection, new, now=now)

        login = self._log_in(number, secret, name, origin, accepted=start)
        return SessionStart(login, new_id.text if login.verdict.accepted else None)

    @database_border
    def session(self, session_id: str, *, used: bool = True) -> Session | EndedSession | None:
        """Return a session and note that it is used; or why and when it ended; None if there is none (any more).

        Args:
            session_id: the id in the browser's cookie; any text.
            used: whether a person has just used it. A page that only looks how long it lasts leaves this out.
        """
        entered = self.enter(session_id, used=used)
        if entered.use is not None and not self.note_use(entered.use):
            entered = self.enter(session_id, used=False)  # it has ended meanwhile, or was used again
        return entered.session

    @database_border
    def enter(self, session_id: str, *, used: bool = True) -> Entered:
        """Return what `session` returns, with the line of a session that is complete, as they are at one moment.

        This writes nothing: a use that has to be noted is left to `note_use`, so that a page need not wait for it.
        """
        digest, now = digest_of(session_id), self.now()
        with self._database.reading() as connection:
            stored, line = _look_for(connection, digest)
            found = self._found(connection, stored, now)
        if not isinstance(found, Session):
            return Entered(found)
        line = line if found.stage is Stage.COMPLETE else None
        if not used or found.idle_ends_at - self._session_limits.idle > now - USE_STEP:
            return Entered(found, line)
        return Entered(replace(found, idle_ends_at=now + self._session_limits.idle), line, Use(digest, now))

    @database_border
    def note_use(self, use: Use) -> bool:
        """Note a use of a session, and return whether this made it the session's last one.

        If not, the session has ended since, or has got a new id, or a later use was noted.
        """
        with self._database.writing() as connection:
            return session_table.note_use(connection, use.digest, now=use.at)

    @database_border
    def extend_session(self, session_id: str) -> Session:
        """Start the idle time of a session anew, to the second, and return the session."""
        digest = digest_of(session_id)
        with self._database.writing() as connection:
            now = self.now()
            _in_force(self._found(connection, session_table.find(connection, digest), now))
            session_table.note_use(connection, digest, now=now)
            return _in_force(self._found(connection, session_table.find(connection, digest), now))

    @database_border
    def log_out(self, session_id: str) -> None:
        """End a session, if it is in force; any text may come in."""
        digest = digest_of(session_id)
        with self._database.writing() as connection:
            stored = session_table.find(connection, digest)
            if stored is not None and stored.ended is None:
                session_table.end_one(connection, stored.name, EndReason.LOGGED_OUT, self.now())

    @database_border
    def end_other_sessions(self, session_id: str) -> int:
        """End all other sessions of the line that this session may manage, half-finished logins among them.

        The contract number of a line of unit LINE or ADMIN_USER ends those of all numbers of its line. Any other
        number has only its own one, and so ends none.

        Returns:
            How many there were.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            if not held.session.is_administrator:
                return 0
            contract_number, now = held.line.contract_number, self.now()
            ended = session_table.end_line(
                connection, contract_number, EndReason.ENDED_BY_SUBSCRIBER, now, but=held.session.name
            )
            if ended:
                entry = Entry(Action.SESSIONS_ENDED, contract_number, f"{ended} of the line")
                self._record(connection, [entry], actor=held.session.number, origin=held.origin)
        return ended

    # Passwords and the unit

    @database_border
    def change_password_in(
        self, session_id: str, *, current: str, new: str, number: str | None = None, origin: str = ""
    ) -> PasswordChange:
        """Store a new password for the session's number, or for another of its line, and end that number's sessions.

        A wrong current password counts as a wrong try at the session's number, and is braked as one.

        Args:
            session_id: the id of the session, which must be complete, or at the change of its password.
            current: what was typed as the current secret of the session's number: the one that it logged in with.
            new: what was chosen; any text.
            number: the number that gets the password; by default the session's own. In unit ADMIN_USER the contract
                number may change that of any number of its line.
            origin: where the try comes from, as for `log_in`.

        Returns:
            Whether it is changed; the rules that the new password breaks; and in `proof` the verdict on the current
            one, unless the new password broke a rule that can be seen without it.

        Raises:
            NotAllowed: the session may not change the password of that number.
            DamagedCredential, KeyMismatch: as for `log_in`.
        """
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHILE_CHANGING)
            line = provisioning.find_line(connection, session.number)
        target = managed_number(session, number, line.numbers if line is not None else ())
        problems = password_problems(new, line.numbers if line is not None else ())
        if problems:
            return PasswordChange(changed=False, problems=problems)
        whence = origin_of(origin)
        hashed = self._password_hasher.hash(target, new)
        while True:
            tried = self._try(session.number, current)
            with self._database.reading() as connection:
                theirs = passwords.find(connection, target)
            same = self._is_same(theirs, target, new)
            with self._database.writing() as connection:
                held = self._hold(connection, session_id, WHILE_CHANGING)
                managed_number(held.session, target, held.line.numbers)
                if credential_id(passwords.find(connection, target)) != credential_id(theirs):
                    continue
                login = self._judge(connection, held.line, tried, whence)
                if login is None:
                    continue
                verdict = login.verdict
                if verdict.accepted and login.credential_id != held.stored.credential_id:
                    verdict = LoginVerdict.WRONG  # it is another credential of the number
                entries = [Entry(Action.PASSWORD_PROOF, session.number, f"{verdict}, {tried.kind}")]
                answer = PasswordChange(changed=False)
                if verdict.accepted:
                    answer, more = self._changed(connection, held, target, hashed, same=same, by=tried.kind)
                    entries += more
                self._record(connection, entries, actor=session.number, origin=held.origin)
            return replace(answer, proof=verdict)

    def _changed(
        self, connection: Connection, held: HeldSession, target: str, hashed: KeyedHash, *, same: bool, by: str
    ) -> tuple[PasswordChange, list[Entry]]:
        """Store a password whose session has proved the current one; return the answer and what to record."""
        if same:
            return SAME_AS_CURRENT, []
        now = self.now()
        proved: Password | temporary.TemporaryPassword | None = passwords.find(connection, held.session.number)
        if credential_id(proved) != held.stored.credential_id:
            proved = temporary.find(connection, held.session.number)
        if proved is None:
            raise SessionOver(EndedSession(EndReason.PASSWORD_CHANGED, now))
        entries = store_password(connection, held.line, target, hashed, proved, now, detail=f"with the {by}")
        return PasswordChange(changed=True, expires_at=now + PASSWORD_LIFETIME), entries

    @database_border
    def change_unit_in(self, session_id: str, to: Unit, proofs: Mapping[str, str]) -> UnitChange:
        """Change the unit of the session's line as `change_unit` does; all sessions of the line then end.

        Args:
            session_id: the id of the session, which must be complete.
            to: the new unit.
            proofs: passwords by number; the session alone proves none.
        """
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)

        def still_good(connection: Connection) -> None:
            self._hold(connection, session_id, WHEN_COMPLETE)

        return self._change_unit(session.number, Unit(to), by_number(proofs), session.name, still_good=still_good)

    # What the other parts of the site's side share

    def _look(self, connection: Connection, session_id: str, stages: Collection[Stage]) -> Session:
        """Return a session as it is now; it may end at any moment.

        Raises:
            SessionOver, WrongStage: it is not in force, or not at one of these stages.
        """
        return self._look_with_line(connection, session_id, stages)[0]

    def _look_with_line(
        self, connection: Connection, session_id: str, stages: Collection[Stage]
    ) -> tuple[Session, Line | None]:
        """Return what `_look` returns, with the line of the session.

        Raises:
            SessionOver, WrongStage: as for `_look`.
        """
        stored, line = _look_for(connection, digest_of(session_id))
        return _at(self._found(connection, stored, self.now()), stages), line

    def _hold(self, connection: Connection, session_id: str, stages: Collection[Stage]) -> HeldSession:
        """Return a session with its line, which stays as it is until the transaction ends.

        Raises:
            SessionOver, WrongStage: it is not in force, or not at one of these stages.
        """
        digest = digest_of(session_id)
        stored = session_table.find(connection, digest)
        line = None if stored is None else provisioning.hold_line(connection, stored.number)
        stored = session_table.find(connection, digest)  # as it is now that nobody else can change it
        session = _at(self._found(connection, stored, self.now()), stages)
        if stored is None or line is None:
            raise SessionOver(None)
        return HeldSession(session, stored, line)

    def _found(
        self, connection: Connection, stored: StoredSession | None, now: datetime
    ) -> Session | EndedSession | None:
        """Return a stored session as its page sees it."""
        if stored is None:
            return None
        ended = stored.end(self._session_limits, now)
        if ended is not None:
            return ended
        stage: Stage | None = Stage.COMPLETE
        if stored.must_change is not None:
            stage = Stage.CHANGE_PASSWORD
        elif stored.completed_at is None:
            stage = self._next_step(connection, stored.number, now)
        if stage is None:  # nothing is asked any more, but nothing was proved either
            return EndedSession(EndReason.SETTINGS_CHANGED, now)
        return Session(
            name=stored.name,
            number=stored.number,
            contract_number=stored.contract_number,
            unit=stored.unit,
            language=stored.language,
            stage=stage,
            must_change=stored.must_change,
            started_at=stored.started_at,
            idle_ends_at=stored.used_at + self._session_limits.idle,
            ends_at=stored.started_at + self._session_limits.absolute,
        )

    def _next_step(self, connection: Connection, number: str, now: datetime) -> Stage | None:
        """Return what a login with a password has to do next; None if it is complete."""
        return None


def _look_for(connection: Connection, digest: str) -> tuple[StoredSession | None, Line | None]:
    """Return a stored session and its line, in a reading transaction."""
    found = read_once(connection, ("session", digest), lambda: session_table.find_with_line(connection, digest))
    return (None, None) if found is None else found


def _in_force(found: Session | EndedSession | None) -> Session:
    if not isinstance(found, Session):
        raise SessionOver(found)
    return found


def _at(found: Session | EndedSession | None, stages: Collection[Stage]) -> Session:
    session = _in_force(found)
    if session.stage not in stages:
        raise WrongStage(session.stage)
    return session


def managed_number(session: Session, number: str | None, numbers: Collection[str]) -> str:
    """Return the number that a session's change is for, in its stored form.

    Args:
        session: the session.
        number: what the page names; None for the session's own number.
        numbers: all numbers of the line.

    Raises:
        NotAllowed: the session may change only its own number, or that is none of its line.
    """
    try:
        target = session.number if number is None else normalise_number(number)
    except InvalidNumber as error:
        raise NotAllowed(str(error)) from None
    if target == session.number:
        return target
    administers = session.is_administrator and session.unit is Unit.ADMIN_USER and session.stage is Stage.COMPLETE
    if not administers or target not in numbers:
        raise NotAllowed(f"{session.number} may not change what is set for {target}")
    return target
