"""Reads and changes what numbers have chosen (docs/rules.md 3.10, 3.12), inside the caller's transaction.

Code that changes a choice first holds its number's line (`provisioning.hold_line`).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from credentials.one_time.model import ConfirmationVerdict
from credentials.rules import CONFIRMATION_TRIES
from credentials.schema import address_links, one_time_codes
from credentials.schema import one_time_choices as table
from credentials.secrets.hashing import KeyedHash
from storage.database import read_once

_ROWS_AT_ONCE: Final = 2000
_BY_NUMBER: Final = select(table).where(table.c.number == bindparam("number"))


@dataclass(frozen=True)
class Choice:
    """What a number has chosen.

    Attributes:
        number: the number.
        version: an id that is another whenever anything is, but the count of failures.
        used: whether it uses one-time passwords. If not, everything below is None.
        address: the confirmed address.
        provisional_address: an address that waits to be confirmed.
        confirmation_id: the confirmation ID.
        confirmation: the keyed hash of the confirmation password.
        failures: wrong tries at the confirmation in a row.
    """

    number: str
    version: str
    used: bool
    address: str | None = field(repr=False)
    provisional_address: str | None = field(repr=False)
    confirmation_id: str | None = field(repr=False)
    confirmation: KeyedHash | None
    failures: int

    @property
    def tries_left(self) -> int:
        """How many wrong tries in a row the confirmation still allows."""
        return CONFIRMATION_TRIES - self.failures


@dataclass(frozen=True)
class NewChoice:
    """A choice to store in place of any earlier one of its number.

    Attributes:
        number: the number.
        used: whether it uses one-time passwords.
        address: the confirmed address, if it keeps one.
        provisional_address: an address that waits to be confirmed.
        confirmation_id: the confirmation ID.
        confirmation: the keyed hash of the confirmation password.
    """

    number: str
    used: bool
    address: str | None = field(default=None, repr=False)
    provisional_address: str | None = field(default=None, repr=False)
    confirmation_id: str | None = field(default=None, repr=False)
    confirmation: KeyedHash | None = None


def find(connection: Connection, number: str) -> Choice | None:
    """Return what a number has chosen; None if it has not chosen yet."""

    def read() -> Choice | None:
        row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
        return None if row is None else _choice(row)

    return read_once(connection, ("choice", number), read)


def find_all(connection: Connection, numbers: Collection[str]) -> dict[str, Choice]:
    """Return what numbers have chosen, without those that have not chosen yet."""
    found: dict[str, Choice] = {}
    rest = iter(numbers)
    while chunk := list(islice(rest, _ROWS_AT_ONCE)):
        rows = connection.execute(select(table).where(table.c.number.in_(chunk)))
        found |= {row.number: _choice(row) for row in rows}
    return found


def _choice(row: Row[Any]) -> Choice:
    hashed = None if row.confirmation_hash is None else KeyedHash(row.confirmation_hash, row.key_id)
    return Choice(
        row.number,
        row.version,
        row.used,
        row.address,
        row.provisional_address,
        row.confirmation_id,
        hashed,
        row.failures,
    )


def replace_all(connection: Connection, new: Sequence[NewChoice], now: datetime) -> None:
    """Store choices in place of any earlier ones of their numbers, with no failures counted; their codes are void."""
    for begin in range(0, len(new), _ROWS_AT_ONCE):
        chunk = new[begin : begin + _ROWS_AT_ONCE]
        theirs = [each.number for each in chunk]
        for one in (table, one_time_codes, address_links):
            connection.execute(delete(one).where(one.c.number.in_(theirs)))
        connection.execute(insert(table), [_row(each, now) for each in chunk])


def _row(new: NewChoice, now: datetime) -> Mapping[str, object]:
    return {
        "number": new.number,
        "version": _new_version(),
        "used": new.used,
        "address": new.address,
        "provisional_address": new.provisional_address,
        "confirmation_id": new.confirmation_id,
        "confirmation_hash": None if new.confirmation is None else new.confirmation.hash,
        "key_id": None if new.confirmation is None else new.confirmation.key_id,
        "failures": 0,
        "chosen_at": now,
    }


def set_provisional(connection: Connection, number: str, address: str) -> None:
    """Note an address that waits to be confirmed; the one before it counts until then."""
    connection.execute(
        update(table).where(table.c.number == number).values(provisional_address=address, version=_new_version())
    )


def confirm(connection: Connection, number: str, address: str) -> bool:
    """Make the address that waits the confirmed one, and return whether it is that which waits."""
    waits = (table.c.number == number) & (table.c.provisional_address == address)
    changed = update(table).where(waits).values(address=address, provisional_address=None, version=_new_version())
    return connection.execute(changed).rowcount == 1


def set_confirmation_id(connection: Connection, number: str, confirmation_id: str) -> None:
    """Store a new confirmation ID, with no failures counted."""
    this = update(table).where(table.c.number == number)
    connection.execute(this.values(confirmation_id=confirmation_id, version=_new_version(), failures=0))


def set_confirmation_password(connection: Connection, number: str, new: KeyedHash) -> None:
    """Store a new confirmation password, with no failures counted."""
    this = update(table).where(table.c.number == number)
    values = {"confirmation_hash": new.hash, "key_id": new.key_id, "version": _new_version(), "failures": 0}
    connection.execute(this.values(values))


def rehash(connection: Connection, choice: Choice, new: KeyedHash) -> None:
    """Store a hash of the same confirmation password, made with another key or other parameters."""
    this = (table.c.number == choice.number) & (table.c.version == choice.version)
    connection.execute(update(table).where(this).values(confirmation_hash=new.hash, key_id=new.key_id))


def count(connection: Connection, choice: Choice, *, is_right: bool) -> ConfirmationVerdict:
    """Judge a try at the confirmation, and count it."""
    if choice.tries_left <= 0:
        return ConfirmationVerdict.VOID
    failures = 0 if is_right else choice.failures + 1
    connection.execute(update(table).where(table.c.number == choice.number).values(failures=failures))
    return ConfirmationVerdict.ACCEPTED if is_right else ConfirmationVerdict.WRONG


def end_count(connection: Connection, number: str) -> None:
    """Set the count of wrong tries at the confirmation back to 0."""
    connection.execute(update(table).where(table.c.number == number).values(failures=0))


def forget(connection: Connection, numbers: Collection[str]) -> int:
    """Remove choices, with their links and codes, as if the numbers had never chosen; return how many had."""
    for one in (one_time_codes, address_links):
        connection.execute(delete(one).where(one.c.number.in_(numbers)))
    return connection.execute(delete(table).where(table.c.number.in_(numbers))).rowcount


def _new_version() -> str:
    return uuid.uuid4().hex
