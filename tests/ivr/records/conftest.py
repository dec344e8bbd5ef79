"""A database for records, SQLite and PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from credentials.database import Database
from ivr.records import CallBegan, CallReader, CallWriter, open_records
from tests.credentials.conftest import FakeClock, empty_url, postgresql, pytest_generate_tests

__all__ = ["empty_url", "postgresql", "pytest_generate_tests"]

BEGAN = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = open_records(empty_url)
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


def call(call_id: str = "c0ffee", *, caller: str = "0312345678", trunk: str = "trunk", after_s: float = 0) -> CallBegan:
    return CallBegan(
        call_id=call_id,
        channel_id=f"channel-{call_id}",
        trunk=trunk,
        began_at=BEGAN + timedelta(seconds=after_s),
        caller=caller,
        language="ja",
    )
