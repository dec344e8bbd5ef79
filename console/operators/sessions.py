"""Logins to the console (docs/rules.md 4.6). The token is with the browser alone: the database has its digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from console.operators.model import Operator, Role
from console.operators.schema import operator_sessions, operators
from storage.clock import Clock, latest_at, utc_now
from storage.database import Database, database_border

IDLE: Final = timedelta(minutes=30)
"""A login that was not used for this long is over."""
ABSOLUTE: Final = timedelta(hours=12)
"""A login is over after this long, however much it is used."""
_TOKEN_BYTES: Final = 32
_SEEN_STEP: Final = timedelta(seconds=30)


class Sessions:
    """Begins, finds and ends logins. Methods block, and raise `StoreUnavailable`.

    Args:
        database: with the schema of `ivr.records.schema`.
        clock: the time.
    """

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    @database_border
    def begin(self, name: str) -> str:
        """Begin a login and return its token, of 256 random bits. Logins that are over are forgotten."""
        token, now = new_token(), self._clock()
        with self._database.writing() as connection:
            connection.execute(delete(operator_sessions).where(~_is_valid(now)))
            row = {"token_digest": digest_of(token), "name": name, "began_at": now, "seen_at": now}
            connection.execute(insert(operator_sessions).values(**row))
        return token

    @database_border
    def find(self, token: str) -> Operator | None:
        """Whose login that is, noting that it was used; None if it is none or is over."""
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
        """All logins that are not over: whose, by the digest of their token."""
        with self._database.reading() as connection:
            rows = connection.execute(_WITH_OPERATOR.where(_is_valid(self._clock()))).all()
        return {row.token_digest: _operator(row) for row in rows}

    @database_border
    def end(self, token: str) -> None:
        """End a login."""
        with self._database.writing() as connection:
            mine = operator_sessions.c.token_digest == digest_of(token)
            connection.execute(delete(operator_sessions).where(mine))


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token."""
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
    """Those that a wrong clock began or saw in the future are none: they would be good for too long."""
    seen, began = operator_sessions.c.seen_at, operator_sessions.c.began_at
    in_time = (seen > now - IDLE) & (began > now - ABSOLUTE)
    return in_time & (seen <= latest_at(now)) & (began <= latest_at(now))


def _operator(row: Any) -> Operator:
    return Operator(name=row.name, role=Role[row.role], language=row.language, created_at=row.created_at)
