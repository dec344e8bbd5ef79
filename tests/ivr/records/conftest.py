"""A database for records, SQLite and PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ivr.records import CallReader, CallWriter, open_records
from ivr.records.schema import IVR_HISTORY
from storage.database import Database
from storage.migrate import History
from tests.storage.databases import FakeClock


@pytest.fixture
def schemas() -> tuple[History, ...]:
    return (IVR_HISTORY,)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = open_records(migrated_url)
    yield opened
    opened.close()


@pytest.fixture
def reader(database: Database, clock: FakeClock) -> CallReader:
    return CallReader(database, clock=clock)


@pytest.fixture
def open_writer(database: Database, clock: FakeClock) -> Callable[..., CallWriter]:
    def open_one(service_id: str = "service", *, host: str = "elsewhere", pid: int = 1) -> CallWriter:
        return CallWriter(database, service_id=service_id, host=host, pid=pid, clock=clock)

    return open_one
