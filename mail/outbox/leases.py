"""The side of the senders: takes letters that are due, for a time, and notes what became of them.

Several senders may share an outbox. A lease is a sender's turn at a letter; if the sender is killed, its lease ends by
itself, and another one takes the letter. On PostgreSQL senders skip the rows that others are just taking; on SQLite
they take turns.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, Row, case, delete, or_, select, update

from credentials.errors import KeyMismatch
from credentials.secrets.keys import KeyRing
from mail.letter import Purpose
from mail.outbox.deliveries import Reason, State
from mail.outbox.moments import moment_of
from mail.outbox.schema import UNLEASED, WIPED, letters
from mail.outbox.sealing import CannotOpen, unseal
from storage.clock import Clock
from storage.database import Database, database_border

_REMOVED_AT_ONCE: Final = 1000
"""How many old letters one transaction removes."""
_UNREADABLE_FOR: Final = timedelta(seconds=30)
"""A sender that lacks a letter's key leaves it to the others for so long."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Leased:
    """A letter that a sender has taken up. Its repr shows neither address nor text.

    Attributes:
        letter_id: its id.
        lease: names the sender's turn.
        purpose: what it is for.
        to: the address.
        subject, body: its text.
        created_at: when it was put into the outbox.
        useful_s: how many seconds it is still of use, from when it was taken up.
        lives_s: for how many seconds it was of use, from when it was put into the outbox.
        tries: how often it was taken up, this time included.
    """

    letter_id: str
    lease: str
    purpose: Purpose
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    created_at: datetime
    useful_s: float
    lives_s: float
    tries: int


class Leases:
    """Takes letters for a time. Its methods block: call them from a thread, not from an event loop.

    Every method raises `StoreUnavailable` if the database cannot serve it.

    Args:
        database: the store's.
        keys: the store's keys, which open the letters.
        lease: how long a turn lasts.
        clock: a clock that decides instead of the database's, for tests.
    """

    def __init__(self, database: Database, keys: KeyRing, *, lease: timedelta, clock: Clock | None = None) -> None:
        self._database = database
        self._keys = keys
        self._lease = lease
        self._clock = clock

    @database_border
    def any_due(self) -> bool:
        """Return whether a letter waits to be taken up; takes no lock."""
        with self._database.reading() as connection:
            now = moment_of(connection, self._clock)
            return connection.scalar(select(letters.c.letter_id).where(*_free(now)).limit(1)) is not None

    @database_border
    def take(self, most: int) -> list[Leased]:
        """Take up letters that are due: first those that are soon of no use.

        Args:
            most: how many at most.
        """
        lease = secrets.token_hex(8)
        with self._database.writing() as connection:
            now = moment_of(connection, self._clock)
            # In two steps: within one statement PostgreSQL may run the inner SELECT again, and lease more than `most`.
            chosen = connection.scalars(
                select(letters.c.letter_id)
                .where(*_free(now))
                .order_by(letters.c.useful_until, letters.c.created_at)
                .limit(most)
                .with_for_update(skip_locked=True)
            ).all()
            if not chosen:
                return []
            rows = connection.execute(
                update(letters)
                .where(letters.c.letter_id.in_(chosen))
                .values(lease=lease, leased_until=now + self._lease, tries=letters.c.tries + 1)
                .returning(letters)
            ).all()
            opened = {row.letter_id: self._opened(row, now) for row in rows}
            if unreadable := [letter_id for letter_id, letter in opened.items() if letter is None]:
                values = {**UNLEASED, "due_at": now + _UNREADABLE_FOR, "reason": Reason.UNREADABLE.value}
                connection.execute(update(letters).where(letters.c.letter_id.in_(unreadable)).values(values))
        for letter_id in unreadable:
            _log.warning("letter_unreadable", letter=letter_id, remedy="add the key that sealed it to the key file")
        readable = [letter for letter in opened.values() if letter is not None]
        return sorted(readable, key=lambda letter: (letter.useful_s, letter.created_at))

    @database_border
    def taken(self, letter: Leased) -> None:
        """Note that the mail server took a letter, whoever has its lease by now; its text is wiped."""
        with self._database.writing() as connection:
            values = _ended(State.TAKEN, moment_of(connection, self._clock), Reason.NONE, "")
            connection.execute(update(letters).where(_waits(letter)).values(values))

    @database_border
    def refused(self, letter: Leased, reason: Reason, reply: str) -> None:
        """Note that a letter was refused for good, if we still have its lease; its text is wiped."""
        with self._database.writing() as connection:
            values = _ended(State.REFUSED, moment_of(connection, self._clock), reason, reply)
            connection.execute(update(letters).where(_is_ours(letter)).values(values))

    @database_border
    def put_off(self, letter: Leased, delay: timedelta, reason: Reason, reply: str) -> None:
        """Give a letter back, to be tried again after a delay, if we still have its lease.

        Args:
            letter: the letter.
            delay: after which time it is tried again.
            reason: why.
            reply: the server's words; "" if it said nothing, and then its earlier words and their reason stay.
        """
        values: dict[str, Any] = {"reason": reason.value, "reply": reply}
        if reason is Reason.LATER and not reply:
            unknown = letters.c.reason == Reason.NONE.value
            values = {"reason": case((unknown, reason.value), else_=letters.c.reason)}
        with self._database.writing() as connection:
            due_at = moment_of(connection, self._clock) + delay
            connection.execute(update(letters).where(_is_ours(letter)).values(**values, **UNLEASED, due_at=due_at))

    @database_border
    def give_up_late(self) -> int:
        """Give up letters that are of no use any more; their text is wiped.

        Returns:
            How many.
        """
        with self._database.reading() as connection:
            late = _late(moment_of(connection, self._clock))
            # In their order, or PostgreSQL, which expects one soon, reads all letters where there is none.
            some = select(letters.c.letter_id).where(*late).order_by(letters.c.useful_until).limit(1)
            if connection.scalar(some) is None:
                return 0
        with self._database.writing() as connection:
            now = moment_of(connection, self._clock)
            values = {"state": State.EXPIRED.value, "ended_at": now, **WIPED}
            return connection.execute(update(letters).where(*_late(now)).values(values)).rowcount

    @database_border
    def forget(self, older_than: timedelta) -> int:
        """Remove what is known of letters that ended, some at a time.

        Args:
            older_than: how long ago they were put into the outbox.

        Returns:
            How many were removed; 0 if none is left.
        """
        with self._database.writing() as connection:
            before = moment_of(connection, self._clock) - older_than
            old = (
                select(letters.c.letter_id)
                .where(letters.c.created_at < before, letters.c.state != State.WAITING.value)
                .order_by(letters.c.created_at)
                .limit(_REMOVED_AT_ONCE)
            )
            # In two steps: within one statement PostgreSQL reads all letters to find those that it has chosen.
            chosen = connection.scalars(old).all()
            if not chosen:  # for an empty list, too, it would read all
                return 0
            return connection.execute(delete(letters).where(letters.c.letter_id.in_(chosen))).rowcount

    def _opened(self, row: Row[Any], now: datetime) -> Leased | None:
        try:
            subject, body = unseal(self._keys.get(row.key_id), row.letter_id, row.sealed)
        except (KeyMismatch, CannotOpen):
            return None
        return Leased(
            letter_id=row.letter_id,
            lease=row.lease,
            purpose=Purpose(row.purpose),
            to=row.address,
            subject=subject,
            body=body,
            created_at=row.created_at,
            useful_s=(row.useful_until - now).total_seconds(),
            lives_s=(row.useful_until - row.created_at).total_seconds(),
            tries=row.tries,
        )


def _ended(state: State, now: datetime, reason: Reason, reply: str) -> dict[str, object]:
    return {"state": state.value, "ended_at": now, "reason": reason.value, "reply": reply, **WIPED}


def _waits(letter: Leased) -> ColumnElement[bool]:
    return (letters.c.letter_id == letter.letter_id) & (letters.c.state == State.WAITING.value)


def _is_ours(letter: Leased) -> ColumnElement[bool]:
    return _waits(letter) & (letters.c.lease == letter.lease)


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(letters.c.leased_until.is_(None), letters.c.leased_until <= now)


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    waits = letters.c.state == State.WAITING.value
    return waits, letters.c.due_at <= now, letters.c.useful_until > now, _unleased(now)


def _late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return letters.c.state == State.WAITING.value, letters.c.useful_until <= now, _unleased(now)
