"""A store on a fresh database, SQLite and PostgreSQL in turn, with a clock that stands still and cheap hashes.

A test that asks for `database_file` is about SQLite, and runs on that alone.
"""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credentials import CallLimits, CredentialStore, HashPolicy, Key, KeyRing, LoginVerdict
from credentials.database import Database
from credentials.migrate import upgrade
from tests import needs
from tests.credentials.postgresql import FAST, Server, serving

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
MANY_CALLS = CallLimits(sets_per_hour=10_000, failed_calls=10_000)

LINES = """\
contract_number,number,language
03-1234-5678,03-1234-5679,
03-1234-5678,03-1234-5680,
06-1234-5678,,en
"""


def check(store: CredentialStore, number: str, secret: str) -> LoginVerdict:
    """Try to log in."""
    return store.log_in(number, secret, session_id="session").verdict


class FakeClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds: list[object] = ["sqlite"]
        if "database_file" not in metafunc.fixturenames:
            kinds.append(pytest.param("postgresql", marks=pytest.mark.slow))
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    programs = needs.postgresql()
    with serving(programs, **FAST) as server:
        yield server


@pytest.fixture(scope="session")
def shared_database(postgresql: Server) -> str:
    """The name of a database with the newest schema; one test after the other gets it, emptied."""
    name = postgresql.create()
    database = Database(postgresql.url(name))
    upgrade(database)
    database.close()
    return name


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without a schema."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database for a store."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: Server = request.getfixturevalue("postgresql")
    name: str = request.getfixturevalue("shared_database")
    server.empty(name)
    return server.url(name)


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
def open_store(url: str, key: Key, clock: FakeClock) -> Iterator[Callable[..., CredentialStore]]:
    opened: list[CredentialStore] = []

    def open_one(
        *, key: Key | KeyRing = key, policy: HashPolicy = CHEAP, limits: CallLimits = MANY_CALLS
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
    """Line 03-1234-5678 has the additional numbers ...79 and ...80; line 06-1234-5678 has none."""
    empty_store.import_lines(io.StringIO(LINES, newline=""))
    return empty_store
