"""The reader: journal in, letters out, wherever it stopped before and whatever is away."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mail.outbox import Outbox
from notice.calls.open_calls import LONGEST_OPEN
from notice.reading.reader import Reader
from notice.store.opening import NoticeStore
from storage.errors import StoreUnavailable
from tests.notice.journals import NUMBER, START, answered_call, missed_call, opening
from tests.notice.subscribers import choose, deliveries
from tests.storage.databases import FakeClock

OpenReader = Callable[[], Reader]


def write(journal: Path, *lines: bytes) -> None:
    with journal.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def read_all(reader: Reader) -> None:
    while reader.step():
        pass


def verdicts(store: NoticeStore, outbox: Outbox, number: str = NUMBER) -> int:
    return len(store.calls_of(number, outbox, most=10_000))


def test_a_call_in_the_journal_becomes_a_letter(
    store: NoticeStore, journal: Path, outbox: Outbox, clock: FakeClock, open_reader: OpenReader
) -> None:
    choose(store, clock)
    write(journal, *answered_call())
    reader = open_reader()
    read_all(reader)
    assert len(deliveries(store, outbox)) == 1
    assert (reader.counts.lines, reader.counts.verdicts, reader.counts.letters) == (5, 1, 1)


def test_a_journal_that_is_not_there_yet_is_waited_for(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    reader = open_reader()
    assert not reader.step()
    write(journal, *answered_call())
    read_all(reader)
    assert verdicts(store, outbox) == 1


def test_a_new_reader_goes_on_where_the_last_one_stopped(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    write(journal, *answered_call(call="1"))
    read_all(open_reader())
    write(journal, *answered_call(call="2"))
    second = open_reader()
    read_all(second)
    assert (second.counts.lines, second.counts.verdicts) == (5, 1)
    assert verdicts(store, outbox) == 2


def test_calls_that_are_open_at_a_restart_are_read_again_from_their_start(
    store: NoticeStore, journal: Path, outbox: Outbox, clock: FakeClock, open_reader: OpenReader
) -> None:
    choose(store, clock)
    long, short = missed_call(call="1", for_s=60), answered_call(call="2")
    write(journal, *long[:2], *short)
    read_all(open_reader())
    write(journal, *long[2:])
    second = open_reader()
    read_all(second)
    assert second.counts.verdicts == 1  # that of the short call is there already
    assert (verdicts(store, outbox), len(deliveries(store, outbox))) == (2, 2)


def test_what_was_read_before_a_rotation_is_not_read_again_and_open_calls_live_on(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    long = missed_call(call="1", for_s=60)
    write(journal, *answered_call(call="0"), *long[:2])
    reader = open_reader()
    read_all(reader)
    old = journal.rename(journal.with_name(f"{journal.name}.1"))
    os.utime(old, (time.time() - 60,) * 2)
    write(journal, *long[2:])
    for one in (open_reader(), reader):
        read_all(one)
    assert verdicts(store, outbox) == 2


def test_lines_that_cannot_be_read_are_counted_and_passed(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    call = answered_call()
    write(journal, b"{", call[0], b"\xff\x00", *call[1:], b'{"userdeftype":"karipass-notice"}')
    reader = open_reader()
    read_all(reader)
    assert (reader.counts.bad_lines, reader.counts.lines, verdicts(store, outbox)) == (3, 5, 1)


def test_calls_wait_in_the_journal_while_the_store_is_away(
    store: NoticeStore,
    journal: Path,
    outbox: Outbox,
    clock: FakeClock,
    open_reader: OpenReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(store, clock)
    reader = open_reader()
    write(journal, *answered_call(call="1"))
    with monkeypatch.context() as away:
        away.setattr(store, "post", _away)
        assert not reader.step()
        write(journal, *answered_call(call="2"))
        assert not reader.step()
    read_all(reader)
    assert (verdicts(store, outbox), len(deliveries(store, outbox))) == (2, 2)


def _away(*_: object) -> None:
    raise StoreUnavailable("the database is away")


def test_a_journal_that_cannot_be_read_is_told_and_read_when_it_can(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    journal.mkdir()
    (journal / "file").touch()
    reader = open_reader()
    assert not reader.step()
    (journal / "file").unlink()
    journal.rmdir()
    write(journal, *answered_call())
    read_all(reader)
    assert verdicts(store, outbox) == 1


def test_after_a_truncation_reading_goes_on_at_the_start(
    store: NoticeStore, journal: Path, outbox: Outbox, open_reader: OpenReader
) -> None:
    write(journal, *answered_call(call="1"))
    reader = open_reader()
    read_all(reader)
    os.truncate(journal, 0)
    read_all(reader)
    write(journal, *answered_call(call="2"))
    read_all(reader)
    assert verdicts(store, outbox) == 2


def test_a_call_without_an_end_is_given_up_once_the_whole_journal_was_read(
    store: NoticeStore, journal: Path, outbox: Outbox, clock: FakeClock, open_reader: OpenReader
) -> None:
    start = START - LONGEST_OPEN - timedelta(minutes=1)
    write(journal, opening(call="1", start=start), *answered_call(call="2", start=start, for_s=20.0))
    reader = open_reader()
    assert reader.step()
    assert verdicts(store, outbox) == 1
    assert not reader.step()
    assert verdicts(store, outbox) == 2


def test_two_readers_of_one_journal_write_each_verdict_once(
    store: NoticeStore, journal: Path, outbox: Outbox, clock: FakeClock, open_reader: OpenReader
) -> None:
    choose(store, clock)
    first, second = open_reader(), open_reader()
    for number in range(20):
        write(journal, *answered_call(call=str(number)))
        if number % 3 == 0:
            first.step()
        if number % 2 == 0:
            second.step()
    read_all(first)
    read_all(second)
    assert first.counts.verdicts + second.counts.verdicts == 20
    assert len(deliveries(store, outbox)) == 20
