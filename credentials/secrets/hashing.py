"""argon2id over a keyed digest of number and secret (docs/rules.md 3.7).

Why a keyed digest: a temporary password has 10^8 values. At a quarter of a second each, 300 cores try
them all within its 24 hours, argon2id or not. Under HMAC-SHA-256 with a key of 256 bits that is not in the
database, a thief has to guess the key first. The number is part of the digest, so that a hash copied to
another number's row opens nothing.

Why argon2id still: whoever steals the key as well has to pay for every guess.

A hash is kept with the id of its key. `Hasher.is_outdated` tells which hashes are to be made anew, with today's key and
parameters, when their secret is at hand: at a login.

A hash is computed in a thread of its own that gives way to all else the host does: a burst of hashes must not hold up
the audio of calls, and what is done with a hash (a transaction, with its lock) must not be held up like the hash.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from passlib.hash import argon2

from credentials.errors import DamagedCredential
from credentials.secrets.keys import KeyRing

_CONTEXT = b"karipass credential 1"
_NICENESS: Final = 10

T = TypeVar("T")


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


@dataclass(frozen=True)
class KeyedHash:
    """A hash and the id of the key that its digest was made with."""

    hash: PasswordHash
    key_id: str


class Hasher:
    """Makes hashes under the ring's first key, and verifies those of all its keys. Threads may share it."""

    def __init__(self, ring: KeyRing, policy: HashPolicy) -> None:
        self._ring = ring
        self._argon2: Any = argon2.using(
            type="ID", memory_cost=policy.memory_kib, rounds=policy.passes, parallelism=policy.lanes
        )
        self._argon2.get_backend()  # loads the library now, not in the first of several threads
        self._places = threading.BoundedSemaphore(policy.at_once)

    def hash(self, number: str, secret: str) -> KeyedHash:
        """Return a new salted hash of a number's secret."""
        key = self._ring.current
        digest = key.digest(_message(number, secret))
        text: str = self._compute(lambda: self._argon2.hash(digest))
        return KeyedHash(PasswordHash(text), key.key_id)

    def matches(self, number: str, secret: str, stored: KeyedHash | None) -> bool:
        """Tell whether a stored hash is of this number and secret; without one, take as long and say no.

        Raises:
            DamagedCredential: the stored text is not a hash.
            KeyMismatch: its key is not in the ring.
        """
        if stored is None:
            self.hash(number, secret)
            return False
        digest = self._ring.get(stored.key_id).digest(_message(number, secret))
        try:
            return self._compute(lambda: bool(self._argon2.verify(digest, stored.hash.text)))
        except (ValueError, TypeError, NotImplementedError):
            pass  # the library's error quotes the hash: it must not be chained to ours
        raise DamagedCredential(f"the stored credential of {number} cannot be read; a new one has to be set")

    def _compute(self, work: Callable[[], T]) -> T:
        # A thread a hash, not a pool: starting one is nothing beside a hash, and a fork takes no pool along.
        with self._places, ThreadPoolExecutor(1, "hash", initializer=_give_way) as thread:
            return thread.submit(work).result()

    def is_outdated(self, stored: KeyedHash) -> bool:
        """Tell whether a hash was made with an earlier key than the current one, or with other parameters."""
        return self._ring.precedes(stored.key_id) or bool(self._argon2.needs_update(stored.hash.text))


def _give_way() -> None:
    """Make this thread nice. (On Linux each thread has a niceness of its own, and hands it on to those it starts.)"""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _message(number: str, secret: str) -> bytes:
    # surrogatepass: an encoding error would quote the secret. Numbers hold no NUL: the bounds are sure.
    return b"\0".join((_CONTEXT, number.encode("ascii"), secret.encode("utf-8", errors="surrogatepass")))
