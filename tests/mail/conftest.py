"""An outbox on SQLite and on PostgreSQL in turn, and a mail server of the tests' own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from credentials.secrets.keys import Key, KeyRing
from ivr.lab.hosts.certificates import Certificates
from mail.letter import Letter
from mail.outbox import MAIL, MailLimits, Outbox
from mail.outbox.leases import Leases
from mail.settings import MailSettings
from storage.database import Database
from storage.migrate import History
from tests.mail.post import UNLIMITED, Post, letter_for
from tests.mail.smtp_server import ScriptedServer, serving
from tests.storage.databases import FakeClock


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing([Key(bytes(range(32)))])


@pytest.fixture
def schemas() -> tuple[History, ...]:
    return (MAIL,)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = Database(migrated_url)
    yield opened
    opened.close()


@pytest.fixture
def open_outbox(keys: KeyRing, clock: FakeClock) -> Callable[..., Outbox]:
    def open_one(limits: MailLimits = UNLIMITED) -> Outbox:
        return Outbox(keys, limits=limits, clock=clock)

    return open_one


@pytest.fixture
def outbox(open_outbox: Callable[..., Outbox]) -> Outbox:
    return open_outbox()


@pytest.fixture
def letter(clock: FakeClock) -> Letter:
    return letter_for(clock.now)


@pytest.fixture
def leases(database: Database, keys: KeyRing, clock: FakeClock) -> Leases:
    return Leases(database, keys, lease=timedelta(seconds=60), clock=clock)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def start_server(certificates: Certificates) -> AsyncIterator[Callable[..., object]]:
    """Start servers that end with the test; their options are those of `serving`."""
    async with AsyncExitStack() as running:

        async def start(**options: object) -> ScriptedServer:
            context = certificates.server_context()
            return await running.enter_async_context(serving(context, **options))  # type: ignore[arg-type]

        yield start


@pytest.fixture
def settings_for(certificates: Certificates) -> Callable[..., MailSettings]:
    def settings(port: int, **others: object) -> MailSettings:
        values = {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_ca_file": certificates.authority,
            "smtp_timeout_s": 5.0,
            "mail_from": "Karipass <no-reply@karipass.example.jp>",
        }
        return MailSettings.load(**values | others)

    return settings


@pytest.fixture
async def start_post(
    database: Database, keys: KeyRing, settings_for: Callable[..., MailSettings]
) -> AsyncIterator[Callable[..., object]]:
    """Start senders that end with the test."""
    async with AsyncExitStack() as running:

        async def start(port: int, **others: object) -> Post:
            return await running.enter_async_context(Post(database, keys, settings_for(port, **others)))

        yield start


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in MailSettings.model_fields:
        monkeypatch.delenv(f"KARIPASS_{name.upper()}", raising=False)
