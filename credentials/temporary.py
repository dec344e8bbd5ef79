"""Reads and changes temporary passwords, inside the transaction of whoever asks."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from credentials.hashing import PasswordHash
from credentials.model import LoginVerdict, Unit
from credentials.rules import TEMPORARY_PASSWORD_TRIES
from credentials.schema import temporary_passwords as table


@dataclass(frozen=True)
class NewTemporaryPassword:
    """What is stored of a temporary password when it is set; `failures` start at 0."""

    target_number: str
    unit: Unit
    hash: PasswordHash
    key_id: str
    set_at: datetime
    expires_at: datetime
    set_by_number: str
    set_by_call: str


@dataclass(frozen=True)
class StoredHash:
    """A hash and the credential that it was read from; a credential that replaces it has another id."""

    credential_id: str
    hash: PasswordHash


def replace(connection: Connection, new: NewTemporaryPassword) -> None:
    """Put a temporary password in the place of any earlier one of its target.

    The target's line must be held (`provisioning.hold_line`): nobody may come between the two statements.
    """
    connection.execute(delete(table).where(table.c.target_number == new.target_number))
    connection.execute(
        insert(table).values(
            target_number=new.target_number,
            credential_id=uuid.uuid4().hex,
            unit=new.unit.value,
            hash=new.hash,
            key_id=new.key_id,
            failures=0,
            set_at=new.set_at,
            expires_at=new.expires_at,
            set_by_number=new.set_by_number,
            set_by_call=new.set_by_call,
        )
    )


def find_hash(connection: Connection, number: str) -> StoredHash | None:
    """Return the hash of a number's temporary password, live or not."""
    wanted = select(table.c.credential_id, table.c.hash).where(table.c.target_number == number)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else StoredHash(row.credential_id, row.hash)


def judge(connection: Connection, credential_id: str, *, matches: bool, now: datetime) -> LoginVerdict | None:
    """Count a try at a credential and return the verdict, or None if the credential was replaced meanwhile.

    One conditional statement decides and counts, so tries that run at once are judged one after the other.
    """
    this = table.c.credential_id == credential_id
    counted = connection.execute(
        update(table)
        .where(this, table.c.failures < TEMPORARY_PASSWORD_TRIES, table.c.expires_at > now)
        .values(failures=0 if matches else table.c.failures + 1)
    )
    if counted.rowcount == 1:
        return LoginVerdict.ACCEPTED if matches else LoginVerdict.WRONG
    failures = connection.scalar(select(table.c.failures).where(this))
    if failures is None:
        return None
    return LoginVerdict.VOID if failures >= TEMPORARY_PASSWORD_TRIES else LoginVerdict.EXPIRED
