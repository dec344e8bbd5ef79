"""What the reader of a journal tells Prometheus: what it has read, and how far it is behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from notice.reading.lag import LagProbe
from notice.reading.metrics import Metrics
from notice.reading.reader import Reader
from notice.rules import Why
from notice.store.opening import NoticeStore
from storage.errors import StoreUnavailable
from tests.notice.journals import CALLER, NUMBER, START, answered_call, missed_call
from tests.notice.subscribers import ANN, choose
from tests.storage.databases import FakeClock

OpenReader = Callable[[], Reader]


@pytest.fixture
def probe(empty_url: str, store: NoticeStore, journal: Path) -> Iterator[LagProbe]:
    with closing(LagProbe(empty_url, journal, "exchange-1")) as probe:
        yield probe


def write(journal: Path, *calls: list[bytes]) -> None:
    with journal.open("ab") as file:
        file.writelines(line + b"\n" for call in calls for line in call)


def value(page: str, series: str) -> str:
    found = re.search(rf"^karipass_notice_{re.escape(series)} (\S+)$", page, re.MULTILINE)
    assert found is not None, series
    return found[1]


def test_a_reader_tells_what_it_has_read_and_what_came_of_it_and_names_nobody(
    store: NoticeStore, journal: Path, clock: FakeClock, open_reader: OpenReader, probe: LagProbe
) -> None:
    choose(store, clock, only_unanswered=True)
    write(journal, missed_call(call="1"), answered_call(call="2"), [b"{"])
    reader = open_reader()
    clock.advance(seconds=30)
    while reader.step():
        pass
    page = Metrics(reader.counts, probe, clock=clock).page().decode()
    told = {"lines_total": "9.0", "bad_lines_total": "1.0", "mails_total": "1.0", 'verdicts_total{why="mailed"}': "1.0"}
    told |= {'verdicts_total{why="answered"}': "1.0", 'verdicts_total{why="stopped"}': "0.0", "store_up": "1.0"}
    told |= {"calls_waiting": "0.0", "lag_seconds": "0.0"}
    assert {series: value(page, series) for series in told} == told
    assert float(value(page, "looked_timestamp_seconds")) == clock.now.timestamp()
    assert page.count("verdicts_total{") == len(Why)
    assert [word for word in (NUMBER, CALLER, ANN) if word in page] == []


def test_a_reader_that_hangs_is_seen_by_the_calls_that_wait(
    journal: Path, clock: FakeClock, open_reader: OpenReader, probe: LagProbe
) -> None:
    reader = open_reader()
    write(journal, answered_call(call="1"), missed_call(call="2"))
    clock.now = START + timedelta(seconds=100)
    page = Metrics(reader.counts, probe, clock=clock).page().decode()
    assert value(page, "calls_waiting") == "2.0"
    assert 95 < float(value(page, "lag_seconds")) < 98
    assert float(value(page, "looked_timestamp_seconds")) == START.timestamp()


@pytest.mark.parametrize(("trouble", "store_up"), [(StoreUnavailable("away"), "0.0"), (PermissionError(), "1.0")])
def test_nobody_knows_the_lag_while_the_store_is_away_or_the_journal_cannot_be_read(
    clock: FakeClock, open_reader: OpenReader, trouble: Exception, store_up: str
) -> None:
    def fails(_: object) -> None:
        raise trouble

    page = Metrics(open_reader().counts, fails, clock=clock).page().decode()
    assert (value(page, "store_up"), value(page, "lag_seconds"), value(page, "calls_waiting")) == (
        store_up,
        "NaN",
        "NaN",
    )


def test_a_look_counts_only_if_what_was_found_could_be_kept(
    store: NoticeStore, journal: Path, clock: FakeClock, open_reader: OpenReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = open_reader()
    write(journal, answered_call())
    clock.advance(seconds=60)
    with monkeypatch.context() as away:
        away.setattr(store, "post", lambda *_: (_ for _ in ()).throw(StoreUnavailable("away")))
        reader.step()
        assert reader.counts.looked_at == START
    reader.step()
    assert reader.counts.looked_at == clock.now
