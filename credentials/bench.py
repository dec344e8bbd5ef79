"""Measures what the store costs on this machine: `python -m credentials bench`.

Why these parameters: RFC 9106, section 4, recommends argon2id with t=1, p=4 and 2 GiB, or t=3, p=4 and 64 MiB where
that is too much memory. A host that answers calls does not have 2 GiB for each of several hashes, so a password that
someone chose gets the second. It is above OWASP's minimum (19 MiB, t=2, p=1) in each respect, and it is libpass's
default. A temporary password gets OWASP's minimum: it lives for 24 hours, is used nowhere else, and is hashed while its
caller waits. `at_once` bounds the memory of a burst to that many times 64 MiB, and as many times 19 MiB, whatever comes
in.

Against whom: without the key, nobody can guess the passwords of a stolen database, however cheap a hash is. With the
key, 10^8 temporary passwords cost 10^8 hashes. The figure that the bench prints says how many days that takes on a
machine like this one, against their lifetime of 24 hours. So rotate a stolen key at once. Passwords that subscribers
choose stay expensive to guess.
"""

import resource
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import count

from credentials.limits.throttling import CallLimits
from credentials.model import Unit
from credentials.secrets.argon2id import FOR_TEMPORARY_PASSWORDS, HashPolicy
from credentials.secrets.hashing import Hasher
from credentials.secrets.keys import Key, KeyRing
from credentials.store import CredentialStore

_CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=64)
_NUMBERS = [f"031{number:07}" for number in range(2_000_000, 2_000_256)]
_TEMPORARY = "13572468"
_SECONDS = 3.0


def bench(urls: list[str]) -> None:
    """Print hashes per second and their memory, then operations per second on SQLite and each URL's database.

    Args:
        urls: empty databases; the bench puts lines of its own into them.
    """
    _bench_hashes("temporary password", FOR_TEMPORARY_PASSWORDS)
    _bench_hashes("password", HashPolicy())
    with tempfile.TemporaryDirectory() as directory:
        for url in [f"sqlite:///{directory}/store.db", *urls]:
            _bench_store(url)


def _bench_hashes(of: str, policy: HashPolicy) -> None:
    hasher = Hasher(KeyRing([Key.generate()]), policy)
    print(f"{of}: argon2id, memory {policy.memory_kib // 1024} MiB, passes {policy.passes}, lanes {policy.lanes}")
    one = _rate(lambda: hasher.hash(_NUMBERS[0], _TEMPORARY), threads=1)
    print(f"  one at a time        {one:8.1f} hashes/s  ({1000 / one:.0f} ms each)")
    many = _rate(lambda: hasher.hash(_NUMBERS[0], _TEMPORARY), threads=16)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  16 threads           {many:8.1f} hashes/s  (peak memory of the process {peak:.0f} MiB)")
    print(f"  all 8-digit secrets  {1e8 / many / 86400:8.0f} days, with the database and the key")


def _bench_store(url: str) -> None:
    with CredentialStore.open(
        url, key=Key.generate(), policy=_CHEAP, limits=CallLimits(sets_per_hour=10**9, failed_calls=10**9)
    ) as store:
        print(f"\n{store!r}, hashes left out")
        store.import_lines(StringIO("contract_number,number\n" + "".join(f"{number},\n" for number in _NUMBERS)))
        calls = count()

        def line() -> str:
            return _NUMBERS[next(calls) % len(_NUMBERS)]

        def set_one() -> None:
            number, call = line(), next(calls)
            store.set_temporary_password(
                caller=number, target=number, unit=Unit.LINE, password=_TEMPORARY, call_id=f"{call}"
            )

        operations: list[tuple[str, Callable[[], object]]] = [
            ("admit", lambda: store.admit(line())),
            ("set_temporary_password", set_one),
            ("log_in", lambda: store.log_in(line(), _TEMPORARY, session_id="bench")),
        ]
        for name, operation in operations:
            rates = "  ".join(f"{_rate(operation, threads=threads):8.0f}/s" for threads in (1, 8))
            print(f"  {name:<24} {rates}  (1 thread, 8 threads)")
        began = time.perf_counter()
        verification = store.verify_audit()
        rate = verification.head.position / (time.perf_counter() - began)
        print(f"  {'audit records verified':<24} {rate:8.0f}/s")
        if verification.problem is not None:
            raise SystemExit(verification.problem)


def _rate(operation: Callable[[], object], *, threads: int) -> float:
    """Return how many times a second an operation can be done."""
    over = threading.Event()

    def work() -> int:
        done = 0
        while not over.is_set():
            operation()
            done += 1
        return done

    operation()
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        workers = [pool.submit(work) for _ in range(threads)]
        over.wait(_SECONDS)
        over.set()
        done = sum(worker.result() for worker in workers)
        return done / (time.perf_counter() - began)
