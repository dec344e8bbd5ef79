"""Links that confirm an address (docs/rules.md 3.10), inside the caller's transaction that holds the number's line."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from credentials.one_time.model import LinkToSend, LinkVerdict
from credentials.rules import LINK_LIFETIME
from credentials.schema import address_links as table
from storage.clock import latest_at

_TOKEN_BYTES: Final = 32
_ROWS_AT_ONCE: Final = 2000


@dataclass(frozen=True)
class Link:
    """A stored link.

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


def new_link(number: str, address: str, language: str, now: datetime) -> LinkToSend:
    """Return a new link, not yet stored."""
    return LinkToSend(number, address, secrets.token_urlsafe(_TOKEN_BYTES), now + LINK_LIFETIME, language)


def replace_all(connection: Connection, new: Sequence[LinkToSend], now: datetime) -> None:
    """Store links in place of any earlier ones of their numbers, which open nothing any more."""
    for begin in range(0, len(new), _ROWS_AT_ONCE):
        chunk = new[begin : begin + _ROWS_AT_ONCE]
        remove(connection, [link.number for link in chunk])
        rows = [
            {
                "digest": digest_of(link.token),
                "number": link.number,
                "address": link.address,
                "made_at": now,
                "expires_at": link.expires_at,
            }
            for link in chunk
        ]
        connection.execute(insert(table), rows)


def find(connection: Connection, token: str) -> Link | None:
    """Return the link that a token names; None if there is none."""
    return _link(connection, table.c.digest == digest_of(token))


def of_number(connection: Connection, number: str) -> Link | None:
    """Return a number's link, used or not; None if it has none."""
    return _link(connection, table.c.number == number)


def _link(connection: Connection, which: object) -> Link | None:
    row = connection.execute(select(table).where(which)).one_or_none()  # type: ignore[arg-type]
    if row is None:
        return None
    return Link(row.number, row.address, row.made_at, row.expires_at, row.confirmed_at)


def note_confirmed(connection: Connection, token: str, now: datetime) -> None:
    """Note that a link was used."""
    connection.execute(update(table).where(table.c.digest == digest_of(token)).values(confirmed_at=now))


def remove(connection: Connection, numbers: Sequence[str]) -> None:
    """Remove the links of numbers."""
    connection.execute(delete(table).where(table.c.number.in_(numbers)))


def digest_of(token: str) -> str:
    """Return what the database knows a link by: SHA-256, since nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).hexdigest()
