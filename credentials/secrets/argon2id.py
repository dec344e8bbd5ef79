"""argon2id for subscribers' credentials and operators' passwords. Its settings stand here and nowhere else.

Each hash is computed in its own thread, which gives way to everything else on the host: a burst of hashes must not hold
up the audio of calls. The caller's thread keeps its priority, so that the transaction that uses the hash, and its lock,
are not held up.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from passlib.hash import argon2

from credentials.errors import DamagedCredential

_NICENESS: Final = 10

T = TypeVar("T")


@dataclass(frozen=True)
class HashPolicy:
    """The cost of a hash, and how many may be computed at once.

    The defaults are for what people choose, subscribers' passwords and operators': the second recommended option of RFC
    9106, section 4 (64 MiB, 3 passes, 4 lanes), meant for hosts without 2 GiB to spare for each hash. They are above
    the minimum of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane), and are libpass's own defaults.
    `FOR_TEMPORARY_PASSWORDS` is that minimum.

    Attributes:
        memory_kib: memory of one hash in KiB.
        passes: passes over that memory.
        lanes: parallel lanes.
        at_once: how many hashes are computed at the same time; further ones wait. The default keeps a burst of logins
            or calls within 4 x 64 MiB.
    """

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4
    at_once: int = 4


FOR_TEMPORARY_PASSWORDS: Final = HashPolicy(memory_kib=19 * 1024, passes=2, lanes=1)
"""The cost of a temporary password's hash: OWASP's minimum, an eighth of the default.

A hash makes guesses expensive for a thief who has the database and the key. It protects a temporary password for 24
hours, and that one was used nowhere else. A chosen password is worth guessing for years, and people use one at several
places. Calls pay for the hash of a temporary password, and many callers may confirm at once.
"""

FOR_CONFIRMATIONS: Final = FOR_TEMPORARY_PASSWORDS
"""The cost of a confirmation password's hash: OWASP's minimum too.

By itself it opens nothing: it moves the address of somebody who has the number's password as well, whose hash costs
eight times as much. And one file may set those of 20,000 numbers: 200 took 2 s on two cores, so that all take three
minutes and a half, and not half an hour.
"""


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

    def matches(self, secret: bytes, text: str, *, owner: str) -> bool:
        """Return whether a hash was made of this secret.

        Args:
            secret: what to compare with.
            text: the hash.
            owner: whose hash it is, for the error.

        Raises:
            DamagedCredential: the text is not a hash.
        """
        try:
            return self._compute(lambda: bool(self._argon2.verify(secret, text)))
        except (ValueError, TypeError, NotImplementedError):
            # Not the form of a hash; not base64 within; a parameter that the library does not compute.
            pass  # the library's error quotes the hash: it must not be chained to ours
        raise DamagedCredential(f"the stored credential of {owner} cannot be read; a new one has to be set")

    def is_outdated(self, text: str) -> bool:
        """Return whether a hash was made with another policy."""
        return bool(self._argon2.needs_update(text))

    def _compute(self, work: Callable[[], T]) -> T:
        # A thread for each hash, not a pool: starting one costs little beside a hash, and a fork loses a pool's
        # threads.
        with self._places, ThreadPoolExecutor(1, "hash", initializer=_give_way) as thread:
            return thread.submit(work).result()


def _give_way() -> None:
    """Make this thread nice. (On Linux each thread has its own niceness, which the threads that it starts inherit.)"""
    with contextlib.suppress(OSError):
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, own)))
