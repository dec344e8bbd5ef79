"""Fixtures: a store with call notices and two lines, an outbox, and a reader of a journal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from credentials.secrets.keys import Key, KeyRing
from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.reading.reader import Reader
from notice.store.opening import NoticeStore
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.notice.journals import START
from tests.storage.databases import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.now = START
    return clock


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing([Key(bytes(range(32)))])


@pytest.fixture
def store(empty_url: str, keys: KeyRing, clock: FakeClock) -> Iterator[NoticeStore]:
    with NoticeStore.open(empty_url, key=keys, clock=clock, policy=CHEAP, limits=MANY_CALLS) as store:
        clock.advance(days=-1)  # the lines were there before the calls
        store.import_lines(io.StringIO(LINES, newline=""))
        clock.advance(days=1)
        yield store


@pytest.fixture
def outbox(keys: KeyRing, clock: FakeClock) -> Outbox:
    return Outbox(keys, clock=clock)


@pytest.fixture
def writer() -> Writer:
    return Writer(site="https://settings.example.jp", time_zone=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "karipass-notice.json"


@pytest.fixture
def open_reader(
    store: NoticeStore, journal: Path, outbox: Outbox, writer: Writer, clock: FakeClock
) -> Callable[[], Reader]:
    return lambda: Reader(store, journal, "exchange-1", outbox, writer, clock=clock)
