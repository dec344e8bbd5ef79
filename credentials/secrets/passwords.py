"""Reads and changes passwords (docs/rules.md 3.2 and 3.4), inside the caller's transaction.

Code that changes a password first holds its number's line (`provisioning.hold_line`), so that what it reads stays true.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from credentials.model import LoginVerdict
from credentials.rules import PASSWORD_TRIES
from credentials.schema import passwords as table
from credentials.secrets.hashing import KeyedHash
from storage.clock import latest_at


@dataclass(frozen=True)
class Password:
    """A stored password.

    Attributes:
        number: the number that it opens.
        credential_id: its id; a password that replaces it has another.
        hash: its keyed hash.
        failures: wrong tries in a row so far.
        set_at: when it was set, in UTC.
        expires_at: when it stops opening the whole site, in UTC.
    """

    number: str
    credential_id: str
    hash: KeyedHash
    failures: int
    set_at: datetime
    expires_at: datetime

    def state(self, now: datetime) -> LoginVerdict:
        """Return the verdict on a right try: ACCEPTED, VOID, or EXPIRED if the password has to be changed first."""
        if self.failures >= PASSWORD_TRIES:
            return LoginVerdict.VOID
        live = self.set_at <= latest_at(now) and now < self.expires_at  # a wrong clock would keep it good too long
        return LoginVerdict.ACCEPTED if live else LoginVerdict.EXPIRED


def find(connection: Connection, number: str) -> Password | None:
    """Return a number's password, live or not."""
    return find_all(connection, [number]).get(number)


def find_all(connection: Connection, numbers: Collection[str]) -> dict[str, Password]:
    """Return the passwords of numbers that have one, live or not."""
    rows = connection.execute(select(table).where(table.c.number.in_(numbers)))
    return {
        row.number: Password(
            row.number,
            row.credential_id,
            KeyedHash(row.hash, row.key_id),
            row.failures,
            row.set_at,
            row.expires_at,
        )
        for row in rows
    }


def replace(connection: Connection, number: str, new: KeyedHash, *, set_at: datetime, expires_at: datetime) -> None:
    """Store a number's password in place of any earlier one, with no failures counted."""
    remove(connection, [number])
    connection.execute(
        insert(table).values(
            number=number,
            credential_id=uuid.uuid4().hex,
            hash=new.hash,
            key_id=new.key_id,
            failures=0,
            set_at=set_at,
            expires_at=expires_at,
        )
    )


def count_failure(connection: Connection, number: str) -> None:
    """Count a wrong try against a number's password, unless it has none or it is void."""
    counted = update(table).where(table.c.number == number, table.c.failures < PASSWORD_TRIES)
    connection.execute(counted.values(failures=table.c.failures + 1))


def end_count(connection: Connection, number: str) -> None:
    """Set the count of wrong tries back to 0, after a right one."""
    connection.execute(update(table).where(table.c.number == number).values(failures=0))


def rehash(connection: Connection, number: str, new: KeyedHash) -> None:
    """Store a hash of the same secret, made with another key or other parameters."""
    connection.execute(update(table).where(table.c.number == number).values(hash=new.hash, key_id=new.key_id))


def remove(connection: Connection, numbers: Collection[str]) -> Collection[str]:
    """Remove the passwords of numbers, and return the numbers that had one."""
    theirs = table.c.number.in_(numbers)
    gone = connection.scalars(select(table.c.number).where(theirs)).all()
    connection.execute(delete(table).where(theirs))
    return gone
