"""From a running call to its record: nothing waits for the database, nothing secret is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from credentials import Line, StoreUnavailable
from credentials.database import Database
from dsp import KeyEnded, KeyStarted
from dsp.events import Key
from ivr.call import CallSession
from ivr.dialogue import Dialogue, Limits
from ivr.dialogue.events import Admitted, Stored
from ivr.records import CallReader, CallRecorder, CallWriter, Query, Recorder
from ivr.records.changes import Change, EntryNoted, Progress
from ivr.transcript import Interrupted, KeyHeard, Said
from prompts import Catalogue
from tests.credentials.conftest import FakeClock
from tests.ivr.records.conftest import call

PASSWORD = "24681357"


def recorded_call(catalogue: Catalogue, clock: FakeClock) -> list[Change]:
    """What a whole call on an unsteady line leaves: every key has figures of its own."""
    changes: list[Change] = []
    record = CallRecorder(call(), changes.append, clock)
    now = [0.0]
    session = CallSession(
        "c0ffee",
        Dialogue("0312345678", limits=Limits(), now=0.0),
        catalogue,
        observer=record,
        store=lambda session, _: session.handle(Stored(), now[0]),
        withdraw=lambda _: None,
        now=0.0,
    )
    record.attach(session)
    session.handle(Admitted(Line("0312345678", frozenset({"0312345678", "0312345679"}))), 0.0)
    for place, key in enumerate("1" + PASSWORD + PASSWORD):
        now[0] += 0.25
        begin_s = now[0] - 0.05
        off = 0.03 * int(key)
        heard = Key(key, begin_s, begin_s + 0.05, -9.0, -9.0 - 0.1 * int(key), 30.0 + place % 3, off, -off)
        session.hear(KeyStarted(0, key, begin_s), now[0])
        session.hear(KeyEnded(0, heard), now[0])
    while not session.over:
        now[0] += 0.02
        session.tick(now[0])
    return changes


def test_a_record_tells_the_unit_the_target_the_steps_and_the_end(catalogue: Catalogue, clock: FakeClock) -> None:
    changes = recorded_call(catalogue, clock)
    last = [change for change in changes if isinstance(change, Progress)][-1]
    assert (last.unit, last.target, last.step, last.outcome) == ("LINE", "0312345678", "confirm", "set")
    assert (last.keys, last.wrong_entries, last.silences) == (17, 0, 0)
    entries = [change.entry for change in changes if isinstance(change, EntryNoted)]
    assert [entry.position for entry in entries] == list(range(len(entries)))
    assert [entry.body["step"] for entry in entries if entry.kind == "judged"] == ["unit", "password", "confirm"]


def test_keys_of_a_password_have_no_value_no_time_and_no_figure_to_tell_them_apart(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    changes = recorded_call(catalogue, clock)
    keys = [change.entry for change in changes if isinstance(change, EntryNoted) and change.entry.kind == "key"]
    named, hidden = keys[:1], keys[1:]
    assert [entry.body["value"] for entry in named] == ["1"]
    assert len(hidden) == 2 * len(PASSWORD)
    assert {entry.at_s for entry in hidden} == {None}
    assert len({json.dumps(dict(entry.body)) for entry in hidden}) == 1


def test_entries_without_a_time_wait_for_the_next_that_has_one(clock: FakeClock) -> None:
    changes: list[Change] = []
    record = CallRecorder(call(), changes.append, clock)
    record(None, KeyHeard("rfc4733", True, None, None))
    record(None, Interrupted())
    assert changes == []
    record(3.0, Said("next", 1.0))
    assert [change.entry.kind for change in changes if isinstance(change, EntryNoted)] == ["key", "interrupted", "said"]


class Failing:
    """A writer whose database is away until it is told that it is back."""

    def __init__(self, writer: CallWriter) -> None:
        self.writer = writer
        self.back = threading.Event()
        self.refused = threading.Event()

    def write(self, changes: Sequence[Change]) -> None:
        if not self.back.is_set():
            self.refused.set()
            raise StoreUnavailable("the database cannot be used now: it is away")
        self.writer.write(changes)

    def mark_lost(self) -> int:
        return self.writer.mark_lost()

    def forget_before(self, moment: object) -> int:
        return 0


def test_what_happens_while_the_database_is_away_is_written_when_it_is_back(
    database: Database, reader: CallReader, open_writer: Callable[..., CallWriter], clock: FakeClock
) -> None:
    writer = Failing(open_writer())
    recorder = Recorder(writer, keep=timedelta(days=1), clock=clock)
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


def test_a_stopped_service_has_said_so(reader: CallReader, open_writer: Callable[..., CallWriter]) -> None:
    recorder = Recorder(open_writer(), keep=timedelta(days=1))
    recorder.health = lambda: {"calls": 0}
    recorder.start()
    recorder.close()
    [state] = reader.services()
    assert state.stopped_at is not None
    assert state.health == {"calls": 0}
