"""Links that confirm an address (docs/rules.md 3.10), inside the caller's transaction that holds the number's line.

One link may be for several numbers of a line. It is stored for each of them, and each may get a newer one.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from credentials.one_time.model import LinkToSend, LinkVerdict
from credentials.rules import LINK_LIFETIME
from credentials.schema import address_links as table
from storage.clock import latest_at

_TOKEN_BYTES: Final = 32
_ROWS_AT_ONCE: Final = 2000
_BY_NUMBER: Final = select(table).where(table.c.number == bindparam("number"))


@dataclass(frozen=True)
class Link:
    """A stored link, as it is for one of its numbers.

    Attributes:
        number: whose address it confirms.
        address: that address.
        made_at: when it was made.
        expires_at: when it expires.
        confirmed_at: when it was used; None if it was not.
    """

    number: str
    address: str
    made_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None

    def verdict(self, now: datetime) -> LinkVerdict:
        """Return what it is good for."""
        if self.confirmed_at is not None:
            return LinkVerdict.CONFIRMED
        live = self.made_at <= latest_at(now) and now < self.expires_at
        return LinkVerdict.GOOD if live else LinkVerdict.EXPIRED


def new_link(numbers: Sequence[str], address: str, language: str, now: datetime) -> LinkToSend:
    """Return a new link, not yet stored."""
    return LinkToSend(tuple(numbers), address, secrets.token_urlsafe(_TOKEN_BYTES), now + LINK_LIFETIME, language)


def replace_all(connection: Connection, new: Sequence[LinkToSend], now: datetime) -> None:
    """Store links in place of any earlier ones of their numbers, which open nothing any more."""
    rows = [
        {
            "digest": digest_of(link.token),
            "number": number,
            "address": link.address,
            "made_at": now,
            "expires_at": link.expires_at,
        }
        for link in new
        for number in link.numbers
    ]
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        chunk = rows[begin : begin + _ROWS_AT_ONCE]
        remove(connection, [str(row["number"]) for row in chunk])
        connection.execute(insert(table), chunk)


def find(connection: Connection, token: str) -> list[Link]:
    """Return the link that a token names, once for each of its numbers, in their order; none if there is none."""
    rows = connection.execute(select(table).where(table.c.digest == digest_of(token)).order_by(table.c.number))
    return [_link(row) for row in rows]


def of_number(connection: Connection, number: str) -> Link | None:
    """Return a number's link, used or not; None if it has none."""
    row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    return None if row is None else _link(row)


def _link(row: Row[Any]) -> Link:
    return Link(row.number, row.address, row.made_at, row.expires_at, row.confirmed_at)


def note_confirmed(connection: Connection, numbers: Sequence[str], now: datetime) -> None:
    """Note that the links of numbers were used."""
    connection.execute(update(table).where(table.c.number.in_(numbers)).values(confirmed_at=now))


def remove(connection: Connection, numbers: Sequence[str]) -> None:
    """Remove the links of numbers."""
    connection.execute(delete(table).where(table.c.number.in_(numbers)))


def digest_of(token: str) -> str:
    """Return what the database knows a link by: SHA-256, since nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).hexdigest()
