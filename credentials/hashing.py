"""argon2id over a keyed digest of number and secret.

Why a keyed digest: a temporary password has 10^8 values. At a quarter of a second each, 300 cores try
them all within its 24 hours, argon2id or not. Under HMAC-SHA-256 with a key of 256 bits that is not in the
database, a thief has to guess the key first. The number is part of the digest, so that a hash copied to
another number's row opens nothing.

Why argon2id still: whoever steals the key as well has to pay for every guess.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from passlib.hash import argon2

from credentials.errors import DamagedCredential
from credentials.keys import Key

_CONTEXT = b"karipass temporary password 1"


@dataclass(frozen=True)
class HashPolicy:
    """What a hash costs, and how many may be computed at once.

    The defaults are the second recommended option of RFC 9106, section 4 (64 MiB, 3 passes, 4 lanes),
    meant for hosts without 2 GiB to spare for each hash. They are above the minimum of OWASP's Password
    Storage Cheat Sheet (19 MiB, 2 passes, 1 lane), and what libpass takes by default.

    Attributes:
        memory_kib: memory of one hash in KiB.
        passes: passes over that memory.
        lanes: parallel lanes.
        at_once: hashes that one store computes at the same time; further ones wait. The default keeps a
            burst of logins or calls within 4 x 64 MiB.
    """

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4
    at_once: int = 4


@dataclass(frozen=True)
class PasswordHash:
    """A hash in the PHC string format; its repr does not show it, not even in a log of the database's rows."""

    text: str = field(repr=False)


class Hasher:
    """Makes and verifies hashes under one key. Threads may share it."""

    def __init__(self, key: Key, policy: HashPolicy) -> None:
        self._key = key
        self._argon2: Any = argon2.using(
            type="ID", memory_cost=policy.memory_kib, rounds=policy.passes, parallelism=policy.lanes
        )
        self._argon2.get_backend()  # loads the library now, not in the first of several threads
        self._places = threading.BoundedSemaphore(policy.at_once)

    def hash(self, number: str, secret: str) -> PasswordHash:
        """Return a new salted hash of a number's secret."""
        digest = self._digest(number, secret)
        with self._places:
            return PasswordHash(self._argon2.hash(digest))

    def matches(self, number: str, secret: str, stored: PasswordHash | None) -> bool:
        """Tell whether a stored hash is of this number and secret; without one, take as long and say no.

        Raises:
            DamagedCredential: the stored text is not a hash.
        """
        if stored is None:
            self.hash(number, secret)
            return False
        digest = self._digest(number, secret)
        with self._places:
            try:
                return bool(self._argon2.verify(digest, stored.text))
            except (ValueError, TypeError, NotImplementedError):
                pass  # the library's error quotes the hash: it must not be chained to ours
        raise DamagedCredential(f"the stored credential of {number} cannot be read; a new one has to be set")

    def _digest(self, number: str, secret: str) -> bytes:
        # surrogatepass: an encoding error would quote the secret. Numbers hold no NUL: the bounds are sure.
        parts = (_CONTEXT, number.encode("ascii"), secret.encode("utf-8", errors="surrogatepass"))
        return self._key.digest(b"\0".join(parts))
