"""A store on a fresh SQLite file, with a clock that stands still and hashes that cost next to nothing."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credentials import CredentialStore, HashPolicy, Key

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)

LINES = """\
contract_number,number,language
03-1234-5678,03-1234-5679,
03-1234-5678,03-1234-5680,
06-1234-5678,,en
"""


class FakeClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def key() -> Key:
    return Key(bytes(range(32)))


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def open_store(database_file: Path, key: Key, clock: FakeClock) -> Iterator[Callable[..., CredentialStore]]:
    opened: list[CredentialStore] = []

    def open_one(*, key: Key = key) -> CredentialStore:
        store = CredentialStore.open(f"sqlite:///{database_file}", key=key, clock=clock, policy=CHEAP)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def empty_store(open_store: Callable[..., CredentialStore]) -> CredentialStore:
    return open_store()


@pytest.fixture
def store(empty_store: CredentialStore) -> CredentialStore:
    """Line 03-1234-5678 has the additional numbers ...79 and ...80; line 06-1234-5678 has none."""
    empty_store.import_lines(io.StringIO(LINES, newline=""))
    return empty_store
