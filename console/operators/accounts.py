"""Operators' accounts: adding and removing them, and proving who one is.

Who may do what is changed and recorded in the audit trail in one transaction: neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from console.operators.errors import NameTaken, UnknownOperator
from console.operators.model import Operator, Role, is_name, require_language, require_name
from console.operators.passwords import PasswordHasher, require_password
from console.operators.schema import operator_sessions, operators
from console.operators.tries import FAILURES_OF_STRANGERS, Count, Origin, TriesBySource, is_mark, mark_for
from credentials.audit import Action, Entry
from credentials.secrets.argon2id import HashPolicy
from credentials.store import CredentialStore
from storage.clock import Clock, utc_now
from storage.database import Database, database_border, hold_table

HASHES_AT_ONCE: Final = 2
"""So many are computed at the same time, of 64 MiB each; further ones wait."""


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A try that is not refused: the hash to compare with, and who it counts for."""

    stored: str
    source: tuple[str, str]
    marked: bool


_NOWHERE: Final = Origin()


class Operators:
    """The operators. Methods block, and raise `StoreUnavailable` when the database cannot serve them.

    Those that add, remove, or change a role or a password take `by`, who does it, for the audit trail, and raise what
    `open_store` raises.

    Args:
        database: with the schema of `ivr.records.schema`.
        open_store: opens the credential store of the same database, whose key the audit trail needs.
        policy: what a hash costs; the default is for production.
        clock: the time.
    """

    def __init__(
        self,
        database: Database,
        *,
        open_store: Callable[[], CredentialStore],
        policy: HashPolicy | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._open_store = open_store
        self._hasher = PasswordHasher(policy or HashPolicy(at_once=HASHES_AT_ONCE))
        self._tries = TriesBySource()
        self._clock = clock

    @database_border
    def require_free(self, name: str, *, language: str) -> None:
        """Refuse what `add` would refuse whatever the password: to ask for a password in vain is rude.

        Raises:
            InvalidOperator: the name or the language is none.
            NameTaken: there is one of that name.
        """
        require_name(name)
        require_language(language)
        with self._database.reading() as connection:
            _refuse_taken(name, _row(connection, name, lock=False))

    @database_border
    def require_known(self, name: str) -> None:
        """Refuse a name that nobody has.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._database.reading() as connection:
            _require(name, _row(connection, name, lock=False))

    @database_border
    def add(self, name: str, password: str, *, role: Role, language: str, by: str) -> None:
        """Add an operator.

        Raises:
            InvalidOperator: the name or the language is none.
            BadPassword: the password is too easy to guess.
            NameTaken: there is one of that name.
        """
        require_name(name)
        require_language(language)
        require_password(name, password)
        new = {"name": name, "role": role.name, "language": language, "hash": self._hasher.hash(password)}
        with self._recorded(Action.OPERATOR_ADDED, f"{name}, {role.value}", by) as connection:
            hold_table(connection, operators)
            _refuse_taken(name, _row(connection, name))
            connection.execute(insert(operators).values(**new, created_at=self._clock(), failures=0))

    @database_border
    def all(self) -> list[Operator]:
        """All operators, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(operators).order_by(operators.c.name)).all()
        return [_operator(row) for row in rows]

    @database_border
    def remove(self, name: str, *, by: str) -> None:
        """Remove an operator; their logins end.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._recorded(Action.OPERATOR_REMOVED, name, by) as connection:
            _require(name, _row(connection, name))
            connection.execute(delete(operators).where(operators.c.name == name))

    @database_border
    def set_role(self, name: str, role: Role, *, by: str) -> None:
        """Give an operator another role, at once.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._recorded(Action.OPERATOR_ROLE, f"{name}, {role.value}", by) as connection:
            _require(name, _row(connection, name))
            connection.execute(update(operators).where(operators.c.name == name).values(role=role.name))

    @database_border
    def set_language(self, name: str, language: str) -> None:
        """Let the console speak another language to an operator.

        Raises:
            InvalidOperator: the console does not speak that.
            UnknownOperator: there is none of that name.
        """
        require_language(language)
        with self._changing(name) as connection:
            connection.execute(update(operators).where(operators.c.name == name).values(language=language))

    @database_border
    def set_password(self, name: str, password: str, *, by: str) -> None:
        """Give an operator another password; their logins end.

        Raises:
            BadPassword: the password is too easy to guess.
            UnknownOperator: there is none of that name.
        """
        require_password(name, password)
        values: dict[str, object] = {"hash": self._hasher.hash(password), "failures": 0, "refused_until": None}
        with self._recorded(Action.OPERATOR_PASSWORD, name, by) as connection:
            _require(name, _row(connection, name))
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            connection.execute(delete(operator_sessions).where(operator_sessions.c.name == name))

    @database_border
    def prove(self, name: str, password: str, origin: Origin = _NOWHERE) -> Operator | None:
        """The operator, if that is their password and not too many tries have failed (see `tries`); else None.

        It takes as long for a name that nobody has, and for a try that is refused.
        """
        admitted = self._count_try(name, origin)
        if not self._hasher.matches(password, None if admitted is None else admitted.stored):
            return None
        if admitted is None:
            return None
        self._tries.forget(admitted.source)
        with self._database.writing() as connection:
            proved = (operators.c.name == name) & (operators.c.hash == admitted.stored)
            if not admitted.marked:
                connection.execute(update(operators).where(proved).values(failures=0, refused_until=None))
            row = connection.execute(select(operators).where(proved)).first()
        return None if row is None else _operator(row)

    @database_border
    def knows(self, name: str, mark: str) -> bool:
        """Whether a mark is one of an operator's, with their password of now. It takes no hash to find out."""
        if not is_name(name):
            return False
        with self._database.reading() as connection:
            row = _row(connection, name, lock=False)
        return row is not None and is_mark(mark, name, str(row.hash))

    @database_border
    def mark(self, name: str) -> str:
        """A mark for the browser in which an operator has logged in; shown again, its tries count for themselves.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._changing(name) as connection:
            stored = connection.scalar(select(operators.c.hash).where(operators.c.name == name))
        return mark_for(name, str(stored))

    def _count_try(self, name: str, origin: Origin) -> _Admitted | None:
        """Count a try before it is made, so that many at once count too; None if there is nothing to compare with."""
        if not is_name(name):
            return None
        now = self._clock()
        with self._database.writing() as connection:
            row = _row(connection, name)
            if row is None:
                return None
            stored = str(row.hash)  # with another password tries are counted anew
            if is_mark(origin.mark, name, stored):
                admitted = _Admitted(stored, (stored, origin.mark), marked=True)
                return admitted if self._tries.count(admitted.source, now) else None
            all_of_strangers = Count(row.failures, row.refused_until).one_more(FAILURES_OF_STRANGERS, now)
            admitted = _Admitted(stored, (stored, origin.address), marked=False)
            # What is refused by one count is not counted by the other: an address that goes on and on does not use
            # up what all strangers share, and many addresses leave no counts behind.
            if all_of_strangers is None or not self._tries.count(admitted.source, now):
                return None
            values = {"failures": all_of_strangers.tries, "refused_until": all_of_strangers.until}
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            return admitted

    @contextmanager
    def _recorded(self, action: Action, detail: str, by: str) -> Iterator[Connection]:
        # The store is opened before: it may have to write first, and SQLite has one writer at a time.
        with self._open_store() as store, self._database.writing() as connection:
            yield connection
            store.record(connection, Entry(action, "", detail), operator=by)

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        with self._database.writing() as connection:
            _require(name, _row(connection, name))
            yield connection


def _refuse_taken(name: str, row: Row[Any] | None) -> None:
    if row is not None:
        raise NameTaken(f"there is an operator {name!r} already")


def _require(name: str, row: Row[Any] | None) -> None:
    if row is None:
        raise UnknownOperator(f"there is no operator {name!r}: `ivr operator list` shows them")


def _row(connection: Connection, name: str, *, lock: bool = True) -> Row[Any] | None:
    """An operator's row; locked, which takes a writing transaction, where it is to be changed."""
    found = select(operators).where(operators.c.name == name)
    return connection.execute(found.with_for_update() if lock else found).first()


def _operator(row: Row[Any]) -> Operator:
    return Operator(name=row.name, role=Role[row.role], language=row.language, created_at=row.created_at)
