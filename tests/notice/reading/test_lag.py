"""Whoever looks sees whether a journal is read, and how many calls wait for their verdict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from notice.reading.lag import Lag, lag_of
from notice.reading.reader import Reader
from notice.store.opening import NoticeStore
from tests.notice.journals import START, answered_call, missed_call, opening
from tests.storage.databases import FakeClock

LATER = timedelta(minutes=5)


def lag(store: NoticeStore, journal: Path, clock: FakeClock) -> Lag:
    with store._database.reading() as connection:
        return lag_of(connection, journal, "exchange-1", clock())


def write(journal: Path, *calls: list[bytes]) -> None:
    with journal.open("ab") as file:
        file.writelines(line + b"\n" for call in calls for line in call)


def test_a_journal_that_nobody_reads_says_how_many_calls_wait_and_since_when(
    store: NoticeStore, journal: Path, clock: FakeClock
) -> None:
    write(journal, answered_call(call="1"), missed_call(call="2"), [opening(call="3", after_s=200)])
    clock.now = START + LATER
    found = lag(store, journal, clock)
    assert (found.looked_at, found.waiting) == (None, 2)
    assert found.oldest_at is not None
    assert timedelta(seconds=3) < found.oldest_at - START < timedelta(seconds=5)


def test_what_was_read_does_not_wait_although_a_call_still_rings(
    store: NoticeStore, journal: Path, clock: FakeClock, open_reader: Callable[[], Reader]
) -> None:
    write(journal, [opening(call="1", after_s=0)], answered_call(call="2"))
    clock.now = START + timedelta(seconds=30)
    reader = open_reader()
    while reader.step():
        pass
    assert lag(store, journal, clock) == Lag(clock.now)
    write(journal, answered_call(call="4"))
    assert lag(store, journal, clock).waiting == 1


def test_a_reader_that_finds_nothing_new_still_says_that_it_looks(
    store: NoticeStore, journal: Path, clock: FakeClock
) -> None:
    store.note_looking("exchange-1")
    clock.now += timedelta(hours=1)
    assert lag(store, journal, clock).looked_at == START
    store.note_looking("exchange-1")
    assert lag(store, journal, clock) == Lag(clock.now)


def test_looking_changes_nothing_of_how_far_the_journal_was_read(
    store: NoticeStore, journal: Path, clock: FakeClock, open_reader: Callable[[], Reader]
) -> None:
    write(journal, answered_call())
    reader = open_reader()
    while reader.step():
        pass
    before = store.journal_place("exchange-1")
    store.note_looking("exchange-1")
    assert store.journal_place("exchange-1") == before
    assert before.offset == journal.stat().st_size


def test_a_journal_that_was_removed_is_read_from_the_start_of_the_next(
    store: NoticeStore, journal: Path, clock: FakeClock, open_reader: Callable[[], Reader]
) -> None:
    write(journal, answered_call())
    reader = open_reader()
    while reader.step():
        pass
    journal.unlink()
    write(journal, answered_call(call="5"), [b"not a line"])
    clock.now = START + LATER
    assert lag(store, journal, clock).waiting == 1
