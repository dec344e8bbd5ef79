"""Operators' accounts: adding and removing them, and checking their passwords.

One transaction changes an account and records the change in the audit trail: neither exists without the other.
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
from storage.clock import Clock
from storage.database import Database, database_border, hold_table

HASHES_AT_ONCE: Final = 2
"""How many hashes, of 64 MiB each, are computed at the same time; further ones wait."""


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A try that is not refused.

    Attributes:
        stored: the hash to compare with.
        source: the count that it belongs to.
        marked: whether the browser showed the mark of an earlier login.
    """

    stored: str
    source: tuple[str, str]
    marked: bool


_NOWHERE: Final = Origin()


class Operators:
    """The operators. Methods block, and raise `StoreUnavailable` if the database cannot serve them.

    Methods that add, remove, or change a role or a password take `by`, which says who does it, for the audit trail.
    They also raise what `open_store` raises.

    Args:
        database: a database with the schema of `ivr.records.schema`.
        open_store: opens the credential store of the same database, whose key the audit trail needs.
        policy: what a hash costs; the default is for production.
        clock: returns the present moment; by default by the clock that all hosts share.
    """

    def __init__(
        self,
        database: Database,
        *,
        open_store: Callable[[], CredentialStore],
        policy: HashPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._open_store = open_store
        self._hasher = PasswordHasher(policy or HashPolicy(at_once=HASHES_AT_ONCE))
        self._tries = TriesBySource()
        self._clock = clock or database.now

    @database_border
    def require_free(self, name: str, *, language: str) -> None:
        """Check what `add` would refuse whatever the password is, so that nobody types a password in vain.

        Raises:
            InvalidOperator: the name or the language is not a possible one.
            NameTaken: there is already an operator of that name.
        """
        require_name(name)
        require_language(language)
        with self._database.reading() as connection:
            _refuse_taken(name, _row(connection, name, lock=False))

    @database_border
    def require_known(self, name: str) -> None:
        """Check that there is an operator of a name.

        Raises:
            UnknownOperator: there is no operator of that name.
        """
        with self._database.reading() as connection:
            _require(name, _row(connection, name, lock=False))

    @database_border
    def add(self, name: str, password: str, *, role: Role, language: str, by: str) -> None:
        """Add an operator.

        Raises:
            InvalidOperator: the name or the language is not a possible one.
            BadPassword: the password is too easy to guess.
            NameTaken: there is already an operator of that name.
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
        """Return all operators in the order of their names."""
        with self._database.reading() as connection:
            rows = connection.execute(select(operators).order_by(operators.c.name)).all()
        return [_operator(row) for row in rows]

    @database_border
    def remove(self, name: str, *, by: str) -> None:
        """Remove an operator; their logins end.

        Raises:
            UnknownOperator: there is no operator of that name.
        """
        with self._recorded(Action.OPERATOR_REMOVED, name, by) as connection:
            _require(name, _row(connection, name))
            connection.execute(delete(operators).where(operators.c.name == name))

    @database_border
    def set_role(self, name: str, role: Role, *, by: str) -> None:
        """Give an operator another role. It takes effect at once.

        Raises:
            UnknownOperator: there is no operator of that name.
        """
        with self._recorded(Action.OPERATOR_ROLE, f"{name}, {role.value}", by) as connection:
            _require(name, _row(connection, name))
            connection.execute(update(operators).where(operators.c.name == name).values(role=role.name))

    @database_border
    def set_language(self, name: str, language: str) -> None:
        """Change the language in which an operator sees the console.

        Raises:
            InvalidOperator: the console does not have that language.
            UnknownOperator: there is no operator of that name.
        """
        require_language(language)
        with self._changing(name) as connection:
            connection.execute(update(operators).where(operators.c.name == name).values(language=language))

    @database_border
    def set_password(self, name: str, password: str, *, by: str) -> None:
        """Give an operator another password; their logins end.

        Raises:
            BadPassword: the password is too easy to guess.
            UnknownOperator: there is no operator of that name.
        """
        require_password(name, password)
        values: dict[str, object] = {"hash": self._hasher.hash(password), "failures": 0, "refused_until": None}
        with self._recorded(Action.OPERATOR_PASSWORD, name, by) as connection:
            _require(name, _row(connection, name))
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            connection.execute(delete(operator_sessions).where(operator_sessions.c.name == name))

    @database_border
    def prove(self, name: str, password: str, origin: Origin = _NOWHERE) -> Operator | None:
        """Return the operator if the password is right and not too many tries have failed (see `tries`); else None.

        A name that nobody has, and a refused try, take the same time.

        Raises:
            DamagedCredential: the operator's stored hash cannot be read.
        """
        admitted = self._count_try(name, origin)
        if not self._hasher.matches(name, password, None if admitted is None else admitted.stored):
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
        """Return whether a mark is valid for an operator and their current password. This needs no argon2id hash."""
        if not is_name(name):
            return False
        with self._database.reading() as connection:
            row = _row(connection, name, lock=False)
        return row is not None and is_mark(mark, name, str(row.hash))

    @database_border
    def mark(self, name: str) -> str:
        """Return a mark for the browser in which an operator has logged in; its tries have a count of their own.

        Raises:
            UnknownOperator: there is no operator of that name.
        """
        with self._changing(name) as connection:
            stored = connection.scalar(select(operators.c.hash).where(operators.c.name == name))
        return mark_for(name, str(stored))

    def _count_try(self, name: str, origin: Origin) -> _Admitted | None:
        """Count a try before it is judged, so that many at once count too; return None if it is refused."""
        if not is_name(name):
            return None
        now = self._clock()
        with self._database.writing() as connection:
            row = _row(connection, name)
            if row is None:
                return None
            stored = str(row.hash)  # with another password the counts start again
            if is_mark(origin.mark, name, stored):
                admitted = _Admitted(stored, (stored, origin.mark), marked=True)
                return admitted if self._tries.count(admitted.source, now) else None
            all_of_strangers = Count(row.failures, row.refused_until).one_more(FAILURES_OF_STRANGERS, now)
            admitted = _Admitted(stored, (stored, origin.address), marked=False)
            # A try that one count refuses is not counted by the other: an address that goes on and on does not use up
            # what all strangers share, and many addresses leave no counts behind.
            if all_of_strangers is None or not self._tries.count(admitted.source, now):
                return None
            values = {"failures": all_of_strangers.tries, "refused_until": all_of_strangers.until}
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            return admitted

    @contextmanager
    def _recorded(self, action: Action, detail: str, by: str) -> Iterator[Connection]:
        # The store is opened first: opening it may write, and SQLite has one writer at a time.
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
    """Return an operator's row; lock it for a change, which takes a writing transaction."""
    found = select(operators).where(operators.c.name == name)
    return connection.execute(found.with_for_update() if lock else found).first()


def _operator(row: Row[Any]) -> Operator:
    return Operator(name=row.name, role=Role[row.role], language=row.language, created_at=row.created_at)
