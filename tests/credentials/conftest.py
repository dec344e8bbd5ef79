"""Fixtures: a store on a fresh database, with a clock that stands still and cheap hashes."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credentials.limits.throttling import CallLimits
from credentials.schema import CREDENTIALS
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key, KeyRing
from credentials.store import CredentialStore
from storage.migrate import History
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.storage.databases import FakeClock, Templates
from tests.storage.postgresql import Server


@pytest.fixture(scope="session")
def shared_database(postgresql: Server, templates: Templates) -> str:
    """Return the name of the database that each test on PostgreSQL in turn gets emptied."""
    return templates.shared(postgresql, CREDENTIALS)


@pytest.fixture
def schemas() -> tuple[History, ...]:
    return (CREDENTIALS,)


@pytest.fixture
def url(migrated_url: str) -> str:
    """Return the URL of a database for a store."""
    return migrated_url


@pytest.fixture
def key() -> Key:
    return Key(bytes(range(32)))


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def open_store(url: str, key: Key, clock: FakeClock) -> Iterator[Callable[..., CredentialStore]]:
    opened: list[CredentialStore] = []

    def open_one(
        *, key: Key | KeyRing = key, policy: HashPolicy | None = CHEAP, limits: CallLimits = MANY_CALLS
    ) -> CredentialStore:
        store = CredentialStore.open(url, key=key, clock=clock, policy=policy, limits=limits)
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
    """Fill the store: line 03-1234-5678 has the additional numbers ...79 and ...80; line 06-1234-5678 has none."""
    empty_store.import_lines(io.StringIO(LINES, newline=""))
    return empty_store
