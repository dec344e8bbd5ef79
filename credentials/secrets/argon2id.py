"""argon2id, the one place where its settings stand: for subscribers' credentials and operators' passwords.

A hash is computed in a thread of its own that gives way to all else the host does: a burst of hashes must not hold up
the audio of calls, and what is done with a hash (a transaction, with its lock) must not be held up like the hash.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from passlib.hash import argon2

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
        at_once: hashes that are computed at the same time; further ones wait. The default keeps a burst of logins or
            calls within 4 x 64 MiB.
    """

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4
    at_once: int = 4


class Argon2id:
    """Makes and verifies salted hashes in the PHC string format. Threads may share it.

    Args:
        policy: what a hash costs, and how many may be computed at once.
    """

    def __init__(self, policy: HashPolicy) -> None:
        self._argon2: Any = argon2.using(
            type="ID", memory_cost=policy.memory_kib, rounds=policy.passes, parallelism=policy.lanes
        )
        self._argon2.get_backend()  # loads the library now, not in the first of several threads
        self._places = threading.BoundedSemaphore(policy.at_once)

    def hash(self, secret: bytes) -> str:
        """Return a new salted hash."""
        return self._compute(lambda: str(self._argon2.hash(secret)))

    def matches(self, secret: bytes, text: str) -> bool:
        """Tell whether a hash is of this secret.

        Raises:
            ValueError, TypeError, NotImplementedError: the text is not a hash. The error quotes it.
        """
        return self._compute(lambda: bool(self._argon2.verify(secret, text)))

    def is_outdated(self, text: str) -> bool:
        """Tell whether a hash was made with another policy."""
        return bool(self._argon2.needs_update(text))

    def _compute(self, work: Callable[[], T]) -> T:
        # A thread a hash, not a pool: starting one is nothing beside a hash, and a fork takes no pool along.
        with self._places, ThreadPoolExecutor(1, "hash", initializer=_give_way) as thread:
            return thread.submit(work).result()


def _give_way() -> None:
    """Make this thread nice. (On Linux each thread has a niceness of its own, and hands it on to those it starts.)"""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
