"""Operators' accounts: adding and removing them, and proving who one is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from credentials import Clock, HashPolicy, utc_now
from credentials.database import Database, database_border, hold_table
from ivr.operators.errors import NameTaken, UnknownOperator
from ivr.operators.model import Operator, Role, require_language, require_name
from ivr.operators.passwords import PasswordHasher, require_password
from ivr.schema import operator_sessions, operators

FAILURES: Final = 5
"""So many tries may fail in a row."""
REFUSED_FOR: Final = timedelta(seconds=60)
"""For this long every try is refused then."""
_AT_ONCE: Final = 2


class Operators:
    """The operators. Methods block, and raise `StoreUnavailable` when the database cannot serve them.

    Args:
        database: with the schema of `ivr.schema`.
        policy: what a hash costs; the default is for production.
        clock: the time.
    """

    def __init__(self, database: Database, *, policy: HashPolicy | None = None, clock: Clock = utc_now) -> None:
        self._database = database
        self._hasher = PasswordHasher(policy or HashPolicy(at_once=_AT_ONCE))
        self._clock = clock

    @database_border
    def add(self, name: str, password: str, *, role: Role, language: str) -> None:
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
        with self._database.writing() as connection:
            hold_table(connection, operators)
            if _row(connection, name) is not None:
                raise NameTaken(f"there is an operator {name!r} already")
            connection.execute(insert(operators).values(**new, created_at=self._clock(), failures=0))

    @database_border
    def all(self) -> list[Operator]:
        """All operators, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(operators).order_by(operators.c.name)).all()
        return [_operator(row) for row in rows]

    @database_border
    def remove(self, name: str) -> None:
        """Remove an operator; their logins end.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._changing(name) as connection:
            connection.execute(delete(operators).where(operators.c.name == name))

    @database_border
    def set_role(self, name: str, role: Role) -> None:
        """Give an operator another role, at once.

        Raises:
            UnknownOperator: there is none of that name.
        """
        with self._changing(name) as connection:
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
    def set_password(self, name: str, password: str) -> None:
        """Give an operator another password; their logins end.

        Raises:
            BadPassword: the password is too easy to guess.
            UnknownOperator: there is none of that name.
        """
        require_password(name, password)
        values: dict[str, object] = {"hash": self._hasher.hash(password), "failures": 0, "refused_until": None}
        with self._changing(name) as connection:
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            connection.execute(delete(operator_sessions).where(operator_sessions.c.name == name))

    @database_border
    def prove(self, name: str, password: str) -> Operator | None:
        """The operator, if that is their password and not too many tries have failed; else None.

        It takes as long for a name that nobody has, and for one whose tries are refused.
        """
        stored = self._count_try(name)
        if not self._hasher.matches(password, stored):
            return None
        with self._database.writing() as connection:
            proved = (operators.c.name == name) & (operators.c.hash == stored)
            connection.execute(update(operators).where(proved).values(failures=0, refused_until=None))
            row = connection.execute(select(operators).where(proved)).first()
        return None if row is None else _operator(row)

    def _count_try(self, name: str) -> str | None:
        """Count a try before it is made, so that many at once count too; returns the hash to compare with, if any."""
        now = self._clock()
        with self._database.writing() as connection:
            row = _row(connection, name)
            if row is None or (row.refused_until is not None and now < row.refused_until):
                return None
            failures = row.failures + 1
            values: dict[str, object] = {"failures": failures}
            if failures >= FAILURES:
                values = {"failures": 0, "refused_until": now + REFUSED_FOR}
            connection.execute(update(operators).where(operators.c.name == name).values(**values))
            return str(row.hash)

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        with self._database.writing() as connection:
            if _row(connection, name) is None:
                raise UnknownOperator(f"there is no operator {name!r}: `ivr operator list` shows them")
            yield connection


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(operators).where(operators.c.name == name).with_for_update()).first()


def _operator(row: Row[Any]) -> Operator:
    return Operator(name=row.name, role=Role[row.role], language=row.language, created_at=row.created_at)
