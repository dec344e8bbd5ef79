"""From a running call to its record: no call waits for the database, and no secret is kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import cast

import pytest
import structlog

from credentials.model import Line
from dsp import BurstRefused, KeyEnded, KeyStarted
from dsp.events import FailedTest, Key, NearMiss
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Admitted, Ending, Outcome, Stored
from ivr.call.session import CallSession
from ivr.call.transcript import Ended, Interrupted, KeyHeard, Said
from ivr.records import CallReader, CallRecorder, CallWriter, Query, RecordedEntry, Recorder, Vitals
from ivr.records.changes import Change, EntryNoted, Progress, ServiceBeat
from prompts import Catalogue
from storage.database import Database
from storage.errors import StoreUnavailable
from tests.ivr.call.answering_store import AnsweringStore
from tests.ivr.records.calls import call
from tests.storage.databases import FakeClock

PASSWORD = "24681357"
FREQUENCY = FailedTest.FREQUENCY


Phone = Callable[[str], Key | NearMiss]
"""What the receiver makes of a phone's key: heard, or a near miss."""


def steady(key: str) -> Key:
    return Key(key, 0.0, 0.05, -9.0, -9.0, 30.0, 0.0, 0.0)


def with_a_low_tone_off(key: str) -> Key:
    return replace(steady(key), low_offset_percent=1.5 if key in "123" else 0.1)


def on_a_long_line(key: str) -> Key:
    row, column = divmod("123456789*0#".index(key), 3)
    return replace(steady(key), low_dbm0=-9.0 - 0.8 * row, high_dbm0=-12.0 - 1.2 * column, snr_db=30.0 - row)


def with_a_high_tone_refused(key: str) -> Key | NearMiss:
    heard = replace(steady(key), high_offset_percent=2.6 if key in "369" else 0.0)
    if key not in "369":
        return heard
    return NearMiss(**{field.name: getattr(heard, field.name) for field in fields(heard)}, failed_test=FREQUENCY)


PHONES = [steady, with_a_low_tone_off, on_a_long_line, with_a_high_tone_refused]


def recorded_call(catalogue: Catalogue, clock: FakeClock, phone: Phone = steady) -> list[Change]:
    """The entries that a whole call leaves in its record."""
    changes: list[Change] = []
    record = CallRecorder(call(), changes.append)
    now = [0.0]
    session = CallSession(
        "c0ffee",
        Caller("0312345678"),
        catalogue,
        limits=Limits(),
        observer=record,
        store=AnsweringStore(lambda _: Stored(), lambda: now[0]),
        now=0.0,
    )
    record.attach(session)
    session.handle(Admitted(Line("0312345678", frozenset({"0312345678", "0312345679"}))), 0.0)
    for key in "1" + PASSWORD + PASSWORD:
        now[0] += 0.25
        made = phone(key)
        begin_s = now[0] - 0.05
        burst = replace(made, begin_s=begin_s, end_s=now[0])
        if isinstance(burst, NearMiss):
            session.hear(BurstRefused(0, burst), now[0])
        else:
            session.hear(KeyStarted(0, key, begin_s), now[0])
            session.hear(KeyEnded(0, burst), now[0])
    while not session.over:
        now[0] += 0.02
        session.tick(now[0])
    return changes


def hidden(changes: list[Change]) -> list[RecordedEntry]:
    entries = [change.entry for change in changes if isinstance(change, EntryNoted)]
    return [entry for entry in entries if entry.kind in ("key", "missed") and entry.body["value"] is None]


def test_a_record_tells_the_unit_the_target_the_steps_and_the_end(catalogue: Catalogue, clock: FakeClock) -> None:
    changes = recorded_call(catalogue, clock)
    last = [change for change in changes if isinstance(change, Progress)][-1]
    assert (last.unit, last.target, last.step, last.outcome) == ("LINE", "0312345678", "confirm", "set")
    assert (last.keys, last.wrong_entries, last.silences) == (17, 0, 0)
    entries = [change.entry for change in changes if isinstance(change, EntryNoted)]
    assert [entry.position for entry in entries] == list(range(len(entries)))
    assert [entry.body["step"] for entry in entries if entry.kind == "judged"] == ["unit", "password", "confirm"]


@pytest.mark.parametrize("phone", PHONES)
def test_keys_of_a_password_have_no_value_no_time_no_order_and_no_figure_of_their_own(
    phone: Phone, catalogue: Catalogue, clock: FakeClock
) -> None:
    entries = hidden(recorded_call(catalogue, clock, phone))
    assert len(entries) == 2 * len(PASSWORD)
    assert {entry.at_s for entry in entries} == {None}
    assert [entry.kind for entry in entries] == sorted(entry.kind for entry in entries)
    for kind in ("key", "missed"):
        assert len({json.dumps(dict(entry.body)) for entry in entries if entry.kind == kind}) <= 1


def test_a_key_that_is_no_passwords_keeps_its_value_and_figures(catalogue: Catalogue, clock: FakeClock) -> None:
    changes = recorded_call(catalogue, clock, on_a_long_line)
    entries = [change.entry for change in changes if isinstance(change, EntryNoted) and change.entry.kind == "key"]
    [named] = [entry for entry in entries if entry.body["value"] is not None]
    assert (named.body["value"], named.body["figures"]["twist_db"], named.body["figures"]["duration_ms"]) == (
        "1",
        -3,
        50,
    )


def test_of_a_passwords_keys_the_worst_figures_of_all_are_told_in_coarse_steps(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    figures = hidden(recorded_call(catalogue, clock, on_a_long_line))[0].body["figures"]
    assert (figures["level_dbm0"], figures["twist_db"], figures["snr_db"]) == (-15, -6, 30)
    assert (figures["low_offset_percent"], figures["high_offset_percent"]) == (0, 0)


def test_a_few_of_a_passwords_keys_have_no_figures_at_all(catalogue: Catalogue, clock: FakeClock) -> None:
    missed = [one for one in hidden(recorded_call(catalogue, clock, with_a_high_tone_refused)) if one.kind == "missed"]
    assert 0 < len(missed) < len(PASSWORD)
    assert [(one.body["failed"], one.body["figures"]) for one in missed] == [("frequency", None)] * len(missed)


def test_entries_without_a_time_wait_for_the_next_that_has_one(clock: FakeClock) -> None:
    changes: list[Change] = []
    record = CallRecorder(call(), changes.append)
    record(None, KeyHeard("rfc4733", True, None, None))
    record(None, Interrupted())
    assert changes == []
    record(3.0, Said("next", 1.0))
    assert [change.entry.kind for change in changes if isinstance(change, EntryNoted)] == ["key", "interrupted", "said"]


AWAY = StoreUnavailable("the database cannot be used now: it is away")


class Failing:
    """A writer whose database is away until the test brings it back."""

    def __init__(self, writer: CallWriter, failure: Exception = AWAY) -> None:
        self.writer = writer
        self.failure = failure
        self.back = threading.Event()
        self.refused = threading.Event()

    def write(self, changes: Sequence[Change]) -> int:
        if not self.back.is_set():
            self.refused.set()
            raise self.failure
        return self.writer.write(changes)

    def mark_lost(self) -> int:
        return self.writer.mark_lost()

    def forget_before(self, moment: object) -> int:
        return 0


def test_what_happens_while_the_database_is_away_is_written_when_it_is_back(
    database: Database, reader: CallReader, open_writer: Callable[..., CallWriter], clock: FakeClock
) -> None:
    writer = Failing(open_writer())
    recorder = Recorder(cast(CallWriter, writer), keep=timedelta(days=1), clock=clock)
    with structlog.testing.capture_logs() as logs:
        recorder.start()
        record = recorder.begin(call())
        record(0.0, Said("hello", 1.0))
        assert writer.refused.wait(10)
        assert reader.search(Query()) == []
        assert recorder.waiting > 0
        writer.back.set()
        recorder.close()
    assert recorder.waiting == 0
    found = reader.call("c0ffee")
    assert found is not None
    assert [entry.kind for entry in found.entries] == ["said"]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["records_wait"]
    assert "records_written_again" in [log["event"] for log in logs]


def test_what_has_gathered_is_written_in_short_transactions(
    reader: CallReader, open_writer: Callable[..., CallWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_writer()
    write = writer.write
    transactions: list[int] = []

    def counted(changes: Sequence[Change]) -> int:
        transactions.append(len(changes))
        return write(changes)

    monkeypatch.setattr(writer, "write", counted)
    recorder = Recorder(writer, keep=timedelta(days=36_500))
    record = recorder.begin(call())
    for second in range(350):
        record(float(second), Said("on and on", 1.0))
    recorder.start()
    recorder.close()
    assert max(transactions) <= 110  # a hundred, and the states of the service and its calls
    found = reader.call("c0ffee")
    assert found is not None
    assert [entry.at_s for entry in found.entries] == [float(second) for second in range(350)]


def test_a_stopped_service_has_said_so(reader: CallReader, open_writer: Callable[..., CallWriter]) -> None:
    recorder = Recorder(open_writer(), keep=timedelta(days=1))
    recorder.vitals = lambda: Vitals(calls=0)
    recorder.start()
    recorder.close()
    [state] = reader.services()
    assert state.stopped_at is not None
    assert state.vitals.calls == 0


def test_where_there_is_no_room_a_call_is_on_record_with_its_end_or_not_at_all(
    reader: CallReader, open_writer: Callable[..., CallWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.recorder.WAITING", 3)
    recorder = Recorder(open_writer(), keep=timedelta(days=36_500))
    long = recorder.begin(call("long"))
    for second in range(5):
        long(float(second), Said("on and on", 1.0))
    late = recorder.begin(call("late"))
    late(0.0, Said("unheard", 1.0))
    late(1.0, Ended(Ending(Outcome.FAILED, "silence")))
    long(9.0, Ended(Ending(Outcome.SET, "set")))
    with structlog.testing.capture_logs() as logs:
        recorder.start()
        recorder.close()
    assert [(found.call_id, found.outcome, found.seconds) for found in reader.search(Query())] == [("long", "set", 9.0)]
    [told] = [log for log in logs if log["event"] == "records_incomplete"]
    assert told["changes_left_out"] == recorder.left_out > 0


def test_a_fault_in_writing_is_logged_and_what_comes_later_is_written(
    reader: CallReader, open_writer: Callable[..., CallWriter]
) -> None:
    writer = Failing(open_writer(), OverflowError("date value out of range"))
    recorder = Recorder(cast(CallWriter, writer), keep=timedelta(days=1))
    with structlog.testing.capture_logs() as logs:
        recorder.start()
        recorder.begin(call("lost"))
        assert writer.refused.wait(10)
        writer.back.set()
        recorder.begin(call("later"))(0.0, Ended(Ending(Outcome.SET, "set")))
        assert recorder.running
        recorder.close()
    assert "later" in [found.call_id for found in reader.search(Query())]
    assert "recorder_failed" in [log["event"] for log in logs]


def test_calls_of_a_dead_service_are_marked_by_the_next_that_starts(
    database: Database, open_writer: Callable[..., CallWriter]
) -> None:
    open_writer("dead").write([ServiceBeat(Vitals(), stopped=True), call()])
    with structlog.testing.capture_logs() as logs:
        recorder = Recorder(open_writer("next"), keep=timedelta(days=36_500))
        recorder.start()
        give_up = time.monotonic() + 10
        while not any(log["event"] == "calls_lost" for log in logs):
            assert time.monotonic() < give_up
            time.sleep(0.01)
        recorder.close()
    assert [log["calls"] for log in logs if log["event"] == "calls_lost"] == [1]
