"""Tries to log in: how many may fail, and who shares a count (docs/rules.md 4.6).

A count of a name that everyone shares lets any stranger shut its owner out, by five wrong passwords a minute. So there
are three counts, each of a minute:

- A browser in which that operator has logged in before shows a mark (`mark_for`), and has a count of its own: no
  stranger's tries touch it, whatever addresses they come from, and behind a proxy too.
- Without a mark the count is that of the client's address, of IPv6 that of its network of 64 bits. Behind a proxy that
  is not trusted (`KARIPASS_CONSOLE_PROXIES`) all strangers have the proxy's, and share it.
- All tries without a mark at one name count together, so that many addresses do not make many guesses: at most
  `FAILURES_OF_STRANGERS` a minute. Who is guessed at from many addresses needs a browser that has been used before.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.clock import latest_at

FAILURES: Final = 5
"""So many tries of one browser or address may fail within `REFUSED_FOR`."""
FAILURES_OF_STRANGERS: Final = 15
"""So many may at one name, of all that show no mark; one address alone makes 9 within such a time at most."""
REFUSED_FOR: Final = timedelta(seconds=60)
"""For this long every further try is refused then."""
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a try comes from.

    Attributes:
        address: the client's, or the network that is its own; "" if it is not known.
        mark: what the browser shows as that of an earlier login; "" if nothing.
    """

    address: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Tries that have failed, or have not been found right yet.

    Attributes:
        tries: how many.
        until: when they are forgotten; None if there are none.
    """

    tries: int = 0
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether they are forgotten: their time has passed, or a wrong clock has put it too far into the future."""
        return self.until is None or not now < self.until <= latest_at(now) + REFUSED_FOR

    def one_more(self, most: int, now: datetime) -> Count | None:
        """The count with one more try; None if that one is refused."""
        if self.is_over(now):
            return Count(1, now + REFUSED_FOR)
        if self.tries >= most:
            return None
        tries = self.tries + 1
        return Count(tries, now + REFUSED_FOR if tries == most else self.until)


class TriesBySource:
    """Counts of browsers and addresses. Threads may share it.

    They are in memory: a second console counts for itself, and a restart forgets them. The count of all strangers
    at a name is in the database, and holds for all consoles.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], Count] = {}

    def count(self, source: tuple[str, str], now: datetime) -> bool:
        """Count a try before it is made, so that many at once count too; False if it is refused."""
        with self._lock:
            self._counts = {other: count for other, count in self._counts.items() if not count.is_over(now)}
            more = self._counts.get(source, Count()).one_more(FAILURES, now)
            if more is not None:
                self._counts[source] = more
            return more is not None

    def forget(self, source: tuple[str, str]) -> None:
        """The password was right."""
        with self._lock:
            self._counts.pop(source, None)


def mark_for(name: str, stored_hash: str) -> str:
    """A new mark for a browser in which an operator has logged in. It proves nothing else; a new password ends it."""
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return f"{nonce}.{_seal(name, stored_hash, nonce)}"


def is_mark(mark: str, name: str, stored_hash: str) -> bool:
    """Whether a mark is one of an operator's, with their password of now."""
    nonce, _, seal = mark.partition(".")
    return hmac.compare_digest(_seal(name, stored_hash, nonce).encode(), seal.encode("utf-8", "surrogatepass"))


def _seal(name: str, stored_hash: str, nonce: str) -> str:
    # The hash is salted, known to the database alone, and another one for each password.
    told = f"browser\n{name}\n{nonce}".encode("utf-8", "surrogatepass")
    return hmac.new(stored_hash.encode(), told, hashlib.sha256).hexdigest()
