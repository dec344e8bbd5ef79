"""Reads and changes temporary passwords (docs/rules.md 3.1 and 3.4), inside the caller's transaction.

Code that changes one first holds its target's line (`provisioning.hold_line`), so that what it reads stays true.

One that a wrong clock set in the future counts as expired: nobody knows when its 24 hours started. A wrong try removes
it, so that it does not become good when its time comes.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from credentials.model import LoginVerdict, Unit
from credentials.rules import TEMPORARY_PASSWORD_TRIES
from credentials.schema import numbers
from credentials.schema import temporary_passwords as table
from credentials.secrets.hashing import KeyedHash
from storage.clock import latest_at

_WONDERING = timedelta(days=7)
"""How long after its expiry callers hear that a temporary password was tried out (docs/rules.md 2.4)."""


@dataclass(frozen=True)
class HashedTemporaryPassword:
    """A temporary password that is hashed and not stored. Its repr shows nothing.

    Attributes:
        target_number: the only number whose temporary password it can become.
        hash: its keyed hash.
    """

    target_number: str = field(repr=False)
    hash: KeyedHash = field(repr=False)


@dataclass(frozen=True)
class NewTemporaryPassword:
    """A temporary password to store; its count of wrong tries starts at 0.

    Attributes:
        target_number: the number that it opens.
        unit: the unit that it carries.
        hash: its keyed hash.
        set_at: when it is set, in UTC.
        expires_at: when it expires, in UTC.
        set_by_number: the caller's number.
        set_by_call: the id of the call.
    """

    target_number: str
    unit: Unit
    hash: KeyedHash
    set_at: datetime
    expires_at: datetime
    set_by_number: str
    set_by_call: str


@dataclass(frozen=True)
class TemporaryPassword:
    """A stored temporary password.

    Attributes:
        credential_id: its id; a temporary password that replaces it has another.
        unit: the unit that it carries.
        hash: its keyed hash.
        failures: wrong tries in a row so far.
        set_at: when it was set, in UTC.
        expires_at: when it expires, in UTC.
    """

    credential_id: str
    unit: Unit
    hash: KeyedHash
    failures: int
    set_at: datetime
    expires_at: datetime

    def state(self, now: datetime) -> LoginVerdict:
        """Return the verdict on a right try: ACCEPTED, or why it is not judged."""
        if self.failures >= TEMPORARY_PASSWORD_TRIES:
            return LoginVerdict.VOID
        live = self.set_at <= latest_at(now) and now < self.expires_at
        return LoginVerdict.ACCEPTED if live else LoginVerdict.EXPIRED


def replace(connection: Connection, new: NewTemporaryPassword) -> None:
    """Store a temporary password in place of any earlier one of its target."""
    remove(connection, new.target_number)
    connection.execute(
        insert(table).values(
            target_number=new.target_number,
            credential_id=uuid.uuid4().hex,
            unit=new.unit.value,
            hash=new.hash.hash,
            key_id=new.hash.key_id,
            failures=0,
            set_at=new.set_at,
            expires_at=new.expires_at,
            set_by_number=new.set_by_number,
            set_by_call=new.set_by_call,
        )
    )


def find(connection: Connection, number: str) -> TemporaryPassword | None:
    """Return a number's temporary password, live or not."""
    row = connection.execute(select(table).where(table.c.target_number == number)).one_or_none()
    if row is None:
        return None
    return TemporaryPassword(
        row.credential_id, Unit(row.unit), KeyedHash(row.hash, row.key_id), row.failures, row.set_at, row.expires_at
    )


def tried_out(connection: Connection, contract_number: str, now: datetime) -> frozenset[str]:
    """Return the numbers of a line whose temporary password is void after too many wrong tries.

    One that expired more than 7 days ago is left out: nobody wonders about it any more.
    """
    of_line = select(numbers.c.number).where(numbers.c.contract_number == contract_number)
    void = (table.c.failures >= TEMPORARY_PASSWORD_TRIES) & (table.c.expires_at > now - _WONDERING)
    return frozenset(connection.scalars(select(table.c.target_number).where(table.c.target_number.in_(of_line), void)))


def count_failure(connection: Connection, number: str, now: datetime) -> None:
    """Count a wrong try against a number's live temporary password; remove one that was set in the future."""
    connection.execute(delete(table).where(table.c.target_number == number, table.c.set_at > latest_at(now)))
    live = (table.c.failures < TEMPORARY_PASSWORD_TRIES) & (table.c.expires_at > now)
    counted = update(table).where(table.c.target_number == number, live)
    connection.execute(counted.values(failures=table.c.failures + 1))


def end_count(connection: Connection, number: str) -> None:
    """Set the count of wrong tries back to 0, after a right one."""
    connection.execute(update(table).where(table.c.target_number == number).values(failures=0))


def rehash(connection: Connection, number: str, new: KeyedHash) -> None:
    """Store a hash of the same secret, made with another key or other parameters."""
    changed = update(table).where(table.c.target_number == number)
    connection.execute(changed.values(hash=new.hash, key_id=new.key_id))


def remove(connection: Connection, number: str) -> None:
    """Remove a number's temporary password, if it has one."""
    connection.execute(delete(table).where(table.c.target_number == number))


def remove_other_units(connection: Connection, contract_number: str, unit: Unit) -> Collection[str]:
    """Remove a line's temporary passwords that carry another unit, and return the numbers that had them."""
    of_line = select(numbers.c.number).where(numbers.c.contract_number == contract_number)
    others = table.c.target_number.in_(of_line) & (table.c.unit != unit.value)
    gone = connection.scalars(select(table.c.target_number).where(others)).all()
    connection.execute(delete(table).where(others))
    return gone
