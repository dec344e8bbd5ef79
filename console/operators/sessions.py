"""Logins to the console (docs/rules.md 4.6). Only the browser has the token; the database has its digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from console.operators.model import Operator, Role
from console.operators.schema import operator_sessions, operators
from storage.clock import Clock, latest_at
from storage.database import Database, database_border

IDLE: Final = timedelta(minutes=30)
"""A login ends when it has not been used for this long."""
ABSOLUTE: Final = timedelta(hours=12)
"""A login ends after this long, however much it is used."""
_TOKEN_BYTES: Final = 32
_SEEN_STEP: Final = timedelta(seconds=30)


class Sessions:
    """Starts, finds and ends logins. Methods block, and raise `StoreUnavailable`.

    Args:
        database: a database with the schema of `ivr.records.schema`.
        clock: returns the present moment; by default by the clock that all hosts share.
    """

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or database.now

    @database_border
    def begin(self, name: str) -> str:
        """Start a login and return its token of 256 random bits. This deletes logins that have ended."""
        token, now = new_token(), self._clock()
        with self._database.writing() as connection:
            connection.execute(delete(operator_sessions).where(~_is_valid(now)))
            row = {"token_digest": digest_of(token), "name": name, "began_at": now, "seen_at": now}
            connection.execute(insert(operator_sessions).values(**row))
        return token

    @database_border
    def find(self, token: str) -> Operator | None:
        """Return whose login a token is, and note that it was used; None if there is no such login or it has ended."""
        now = self._clock()
        mine = operator_sessions.c.token_digest == digest_of(token)
        with self._database.reading() as connection:
            row = connection.execute(_WITH_OPERATOR.where(mine, _is_valid(now))).first()
        if row is None:
            return None
        if now - row.seen_at >= _SEEN_STEP:
            with self._database.writing() as connection:
                connection.execute(update(operator_sessions).where(mine).values(seen_at=now))
        return _operator(row)

    @database_border
    def in_force(self) -> dict[str, Operator]:
        """Return the operators of all logins that have not ended, by the digest of their token."""
        with self._database.reading() as connection:
            rows = connection.execute(_WITH_OPERATOR.where(_is_valid(self._clock()))).all()
        return {row.token_digest: _operator(row) for row in rows}

    @database_border
    def end(self, token: str) -> None:
        """End the login of a token."""
        with self._database.writing() as connection:
            mine = operator_sessions.c.token_digest == digest_of(token)
            connection.execute(delete(operator_sessions).where(mine))


def new_token() -> str:
    """Return a token of 256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> str:
    """Return the digest by which the database knows a token."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).hexdigest()


_WITH_OPERATOR: Final = select(
    operator_sessions.c.token_digest,
    operator_sessions.c.seen_at,
    operators.c.name,
    operators.c.role,
    operators.c.language,
    operators.c.created_at,
).join_from(operator_sessions, operators, operator_sessions.c.name == operators.c.name)


def _is_valid(now: datetime) -> ColumnElement[bool]:
    """Select the logins in force. One that a wrong clock dated in the future would last too long, so it is out."""
    seen, began = operator_sessions.c.seen_at, operator_sessions.c.began_at
    in_time = (seen > now - IDLE) & (began > now - ABSOLUTE)
    return in_time & (seen <= latest_at(now)) & (began <= latest_at(now))


def _operator(row: Any) -> Operator:
    return Operator(name=row.name, role=Role[row.role], language=row.language, created_at=row.created_at)
