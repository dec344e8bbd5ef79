"""Old records are removed bit by bit, so neither callers nor the end of the service wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from sqlalchemy import delete, func, select

from ivr.records import CallReader, CallWriter, Query, Recorder, Vitals, open_records
from ivr.records.changes import Change, EntryNoted, ServiceBeat
from ivr.records.schema import call_entries, calls
from storage.database import Database
from storage.errors import StoreUnavailable
from tests.ivr.records.calls import BEGAN, SAID, SET, call
from tests.storage.postgresql import Server

OpenWriter = Callable[..., CallWriter]
TOMORROW = BEGAN + timedelta(days=1)


def ended(*names: str) -> list[Change]:
    """Calls that are over, each a second after the one before."""
    changes: list[Change] = [ServiceBeat(Vitals())]
    for number, name in enumerate(names):
        changes += [call(name, after_s=number), EntryNoted(name, SAID), replace(SET, call_id=name)]
    return changes


def names(reader: CallReader) -> list[str]:
    return [found.call_id for found in reader.search(Query())]


def until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@contextmanager
def recording(writer: object, clock: Callable[[], datetime], keep: timedelta) -> Iterator[Recorder]:
    recorder = Recorder(writer, keep=keep, clock=clock)  # type: ignore[arg-type]
    recorder.start()
    try:
        yield recorder
    finally:
        recorder.close()


class Tidying:
    """A writer whose tidying the test controls.

    Args:
        writer: writes the changes.
        forget: takes the place of its `forget_before`.
    """

    def __init__(self, writer: CallWriter, forget: Callable[[datetime], int]) -> None:
        self.write: Callable[[Sequence[Change]], int] = writer.write
        self.mark_lost: Callable[[], int] = writer.mark_lost
        self.forget_before = forget


def test_of_many_old_calls_some_are_removed_at_a_time_the_oldest_first(
    database: Database, reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.writing.FORGOTTEN_AT_ONCE", 2)
    writer = open_writer()
    writer.write(ended("a", "b", "c", "d", "e"))
    left: list[str] = []
    removed: list[int] = []
    while not removed or removed[-1]:
        removed.append(writer.forget_before(BEGAN + timedelta(seconds=4)))
        left.append("".join(sorted(names(reader))))
    assert removed == [2, 2, 0]
    assert left == ["cde", "e", "e"]
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(call_entries)) == 1


def test_two_services_that_tidy_at_once_do_not_wait_for_each_other(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.writing.FORGOTTEN_AT_ONCE", 1)
    name = postgresql.create()
    database = open_records(postgresql.url(name))
    writer = CallWriter(database, service_id="service", host="here", pid=1)
    writer.write(ended("a", "b"))
    with database.writing() as other:
        other.execute(delete(calls).where(calls.c.call_id == "a"))
        assert writer.forget_before(TOMORROW) == 1
    assert names(CallReader(database)) == []
    database.close()
    postgresql.drop(name)


def test_a_recorder_that_starts_removes_all_that_is_old(
    reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.writing.FORGOTTEN_AT_ONCE", 1)
    monkeypatch.setattr("ivr.records.recorder.GATHER_S", 0.01)
    writer = open_writer()
    writer.write(ended("a", "b", "c"))
    with structlog.testing.capture_logs() as logs, recording(writer, lambda: TOMORROW, timedelta(hours=1)):
        until(lambda: any(log["event"] == "records_forgotten" for log in logs))
    assert names(reader) == []
    assert [log["calls"] for log in logs if log["event"] == "records_forgotten"] == [3]


def test_calls_are_on_record_and_a_service_stops_while_there_is_no_end_of_old_ones(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    begun = threading.Event()

    def forget(_: datetime) -> int:
        begun.set()
        return 1

    with recording(Tidying(open_writer(), forget), lambda: TOMORROW, timedelta(hours=1)) as recorder:
        assert begun.wait(20)
        recorder.begin(call("meanwhile"))
        until(lambda: names(reader) == ["meanwhile"])
    assert not recorder.running
    assert reader.services()[0].stopped_at is not None


def test_between_two_removals_what_calls_left_is_written(
    reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.recorder.GATHER_S", 0.01)
    on_record: list[int] = []
    done = threading.Event()

    def forget(_: datetime) -> int:
        on_record.append(len(names(reader)))
        if len(on_record) == 5:
            done.set()
            return 0
        recorder.begin(call(f"c{len(on_record)}"))
        return 1

    with recording(Tidying(open_writer(), forget), lambda: TOMORROW, timedelta(hours=1)) as recorder:
        assert done.wait(20)
    assert on_record == [0, 1, 2, 3, 4]


def test_other_writers_have_a_pause_after_each_removal(
    open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.recorder.GATHER_S", 0.01)
    steps: list[str] = []

    def forget(_: datetime) -> int:
        steps.append("removes")
        return 1 if len(steps) < 6 else 0

    recorder = Recorder(Tidying(open_writer(), forget), keep=timedelta(hours=1))
    pause = recorder._stopping.wait  # the only place that shows where the thread pauses

    def paused(timeout: float | None = None) -> bool:
        steps.append("pauses")
        return pause(timeout)

    monkeypatch.setattr(recorder._stopping, "wait", paused)
    recorder.start()
    until(lambda: len(steps) >= 8)
    recorder.close()
    assert steps[:6] == ["pauses", "removes"] * 3


def test_a_tidying_that_fails_is_told_with_its_remedy_and_not_tried_again_at_once(
    reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.recorder.GATHER_S", 0.01)
    attempts: list[datetime] = []
    rounds: list[int] = []

    def forget(moment: datetime) -> int:
        attempts.append(moment)
        raise StoreUnavailable("the database cannot be used now: it is locked")

    def vitals() -> Vitals:
        rounds.append(len(rounds))
        return Vitals()

    keep, writer = timedelta(hours=1), Tidying(open_writer(), forget)
    with structlog.testing.capture_logs() as logs, recording(writer, lambda: TOMORROW, keep) as recorder:
        recorder.vitals = vitals
        until(lambda: attempts)
        recorder.begin(call("meanwhile"))
        until(lambda: names(reader) == ["meanwhile"])
        seen = len(rounds)
        until(lambda: len(rounds) > seen + 5)
    assert attempts == [TOMORROW - keep]
    [told] = [log for log in logs if log["event"] == "records_not_tidied"]
    assert told["problem"] == "the database cannot be used now: it is locked"
    assert "disk full" in str(told["remedy"])
    assert told["again_in_s"] == 60


def test_a_tidying_that_failed_is_done_later(
    reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.recorder.GATHER_S", 0.01)
    monkeypatch.setattr("ivr.records.recorder._TIDY_AGAIN_S", 0.01)
    writer = open_writer()
    writer.write(ended("old"))
    attempts: list[datetime] = []

    def forget(moment: datetime) -> int:
        attempts.append(moment)
        if len(attempts) == 1:
            raise StoreUnavailable("the database cannot be used now: it is locked")
        return writer.forget_before(moment)

    with recording(Tidying(writer, forget), lambda: TOMORROW, timedelta(hours=1)):
        until(lambda: names(reader) == [])


def test_calls_that_were_lost_are_told_also_where_old_ones_cannot_be_removed(open_writer: OpenWriter) -> None:
    open_writer("dead").write([ServiceBeat(Vitals(), stopped=True), call()])

    def forget(_: datetime) -> int:
        raise StoreUnavailable("the database cannot be used now: it is locked")

    writer = Tidying(open_writer("next"), forget)
    with structlog.testing.capture_logs() as logs, recording(writer, lambda: BEGAN, timedelta(hours=1)):
        until(lambda: any(log["event"] == "records_not_tidied" for log in logs))
    assert [log["calls"] for log in logs if log["event"] == "calls_lost"] == [1]
