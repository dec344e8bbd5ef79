"""Tries to log in: how many may fail, and which tries share a count (docs/rules.md 4.6).

If everyone shared one count for a name, any stranger could shut its owner out with five wrong passwords a minute. So
there are three counts, each over a minute:

- A browser in which that operator has logged in before shows a mark (`mark_for`), and has its own count. No stranger's
  tries touch it, whatever addresses they come from, even behind a proxy.
- Without a mark the client's address has a count (for IPv6, its network of 64 bits). Behind a proxy that is not trusted
  (`KARIPASS_CONSOLE_PROXIES`) all strangers have the proxy's address, and share its count.
- All tries without a mark at one name count together, so that many addresses cannot make many guesses: at most
  `FAILURES_OF_STRANGERS` a minute. While someone guesses at a name from many addresses, its owner needs a browser that
  has been used before.
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
"""How many tries of one browser or address may fail within `REFUSED_FOR`."""
FAILURES_OF_STRANGERS: Final = 15
"""How many tries without a mark may fail at one name in that time; one address alone can make at most 9 in it."""
REFUSED_FOR: Final = timedelta(seconds=60)
"""How long every further try is then refused."""
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a try.

    Attributes:
        address: the client's address, or the network that it owns; "" if it is not known.
        mark: the mark of an earlier login that the browser shows; "" if it shows none.
    """

    address: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Tries that have failed or are not judged yet.

    Attributes:
        tries: how many there are.
        until: when they are forgotten; None if there are none.
    """

    tries: int = 0
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Return whether the tries are forgotten: their time has passed, or a wrong clock set it too far ahead."""
        return self.until is None or not now < self.until <= latest_at(now) + REFUSED_FOR

    def one_more(self, most: int, now: datetime) -> Count | None:
        """Return the count with one more try; None if that try is refused."""
        if self.is_over(now):
            return Count(1, now + REFUSED_FOR)
        if self.tries >= most:
            return None
        tries = self.tries + 1
        return Count(tries, now + REFUSED_FOR if tries == most else self.until)


class TriesBySource:
    """The counts of browsers and addresses. Threads may share it.

    They are in memory: a second console counts for itself, and a restart forgets them. The count of all strangers at a
    name is in the database, and all consoles share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], Count] = {}

    def count(self, source: tuple[str, str], now: datetime) -> bool:
        """Count a try before it is judged, so that many at once count too; return False if it is refused."""
        with self._lock:
            self._counts = {other: count for other, count in self._counts.items() if not count.is_over(now)}
            more = self._counts.get(source, Count()).one_more(FAILURES, now)
            if more is not None:
                self._counts[source] = more
            return more is not None

    def forget(self, source: tuple[str, str]) -> None:
        """Forget a source's tries, because its password was right."""
        with self._lock:
            self._counts.pop(source, None)


def mark_for(name: str, stored_hash: str) -> str:
    """Return a new mark for a browser in which an operator has logged in. A new password makes it invalid."""
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return f"{nonce}.{_seal(name, stored_hash, nonce)}"


def is_mark(mark: str, name: str, stored_hash: str) -> bool:
    """Return whether a mark is valid for an operator and their current password."""
    nonce, _, seal = mark.partition(".")
    return hmac.compare_digest(_seal(name, stored_hash, nonce).encode(), seal.encode("utf-8", "surrogatepass"))


def _seal(name: str, stored_hash: str, nonce: str) -> str:
    # The hash is salted, differs for each password, and only the database knows it.
    told = f"browser\n{name}\n{nonce}".encode("utf-8", "surrogatepass")
    return hmac.new(stored_hash.encode(), told, hashlib.sha256).hexdigest()
