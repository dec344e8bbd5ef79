"""Calls are written as they go, found again, and never half true (docs/rules.md 5.3)."""

from __future__ import annotations

import os
import socket
import subprocess
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from credentials.schema import CREDENTIALS
from ivr.records import CallNotFound, CallReader, CallWriter, Hangup, Query, RtpQuality, Vitals, open_records
from ivr.records.changes import Change, ChannelEnded, EntryNoted, ServiceBeat
from ivr.records.schema import IVR_HISTORY, metadata
from storage.migrate import upgrade
from tests.ivr.records.calls import BEGAN, SAID, SET, STEP, call
from tests.ivr.records.plain_report import count_one_by_one
from tests.storage.databases import FakeClock
from tests.storage.schemas import differences

OpenWriter = Callable[..., CallWriter]


def test_the_schema_is_what_its_history_makes_and_shares_the_stores_database(empty_url: str) -> None:
    database = open_records(empty_url)
    upgrade(database, CREDENTIALS)  # the credentials' own
    upgrade(database, IVR_HISTORY)
    assert differences(database, IVR_HISTORY, metadata) == []
    database.close()


def test_a_call_is_there_from_its_first_moment_and_grows(reader: CallReader, open_writer: OpenWriter) -> None:
    writer = open_writer()
    writer.write([ServiceBeat(Vitals()), call()])
    [begun] = reader.search(Query())
    assert (begun.outcome, begun.step, begun.ended_at) == ("in_progress", "admission", None)
    writer.write([EntryNoted("c0ffee", SAID), STEP])
    record = reader.call("c0ffee")
    assert record is not None
    assert list(record.entries) == [SAID]
    assert (record.summary.step, record.summary.unit, record.summary.target) == ("password", "NUMBER", "0312345679")
    writer.write([SET, ChannelEnded("c0ffee", Hangup(cause=16, text="Normal Clearing"), None)])
    [ended] = reader.search(Query())
    assert (ended.outcome, ended.seconds, ended.first_try) == ("set", 40, False)
    assert ended.hangup == Hangup(cause=16, text="Normal Clearing")
    assert ended.rtp is None


def test_what_is_written_twice_stands_once(reader: CallReader, open_writer: OpenWriter) -> None:
    writer = open_writer()
    changes: list[Change] = [ServiceBeat(Vitals()), call(), EntryNoted("c0ffee", SAID), SET]
    writer.write(changes)
    writer.write(changes)
    record = reader.call("c0ffee")
    assert record is not None
    assert list(record.entries) == [SAID]
    assert record.summary.outcome == "set"


def test_rtp_quality_is_kept(reader: CallReader, open_writer: OpenWriter) -> None:
    quality = RtpQuality(lost_percent=3.5, jitter_ms=12.0, rtt_ms=None)
    open_writer().write([call(), SET, ChannelEnded("c0ffee", Hangup(cause=None, text="AMI was away"), quality)])
    [found] = reader.search(Query())
    assert found.rtp == quality
    assert found.hangup == Hangup(cause=None, text="AMI was away")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["late", "early"]),
        (Query(number="0312345678"), ["early"]),
        (Query(number="5679"), ["late", "early"]),  # early: as its target
        (Query(number="%"), []),
        (Query(outcome="set"), ["early"]),
        (Query(outcome="in_progress"), ["late"]),
        (Query(outcome="failed"), []),
        (Query(trunks=["phone"]), ["late"]),
        (Query(since=BEGAN + timedelta(seconds=1)), ["late"]),
        (Query(until=BEGAN + timedelta(seconds=1)), ["early"]),
        (Query(limit=1), ["late"]),
    ],
)
def test_calls_are_found_by_what_is_known_of_them(
    query: Query, found: list[str], reader: CallReader, open_writer: OpenWriter
) -> None:
    open_writer().write(
        [
            ServiceBeat(Vitals()),
            call("early", caller="0312345678"),
            replace(SET, call_id="early"),
            call("late", caller="0312345679", trunk="phone", after_s=60),
        ]
    )
    assert [summary.call_id for summary in reader.search(query)] == found


def test_a_call_is_found_by_the_beginning_of_its_id(reader: CallReader, open_writer: OpenWriter) -> None:
    open_writer().write([ServiceBeat(Vitals()), call("abc1"), call("abc2"), call("def3")])
    assert reader.only("d").summary.call_id == "def3"
    with pytest.raises(CallNotFound, match=r"several calls \(abc1, abc2\)"):
        reader.only("abc")
    with pytest.raises(CallNotFound, match="no call '%'"):
        reader.only("%")


def test_a_call_whose_service_stopped_beating_is_lost(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    open_writer().write([ServiceBeat(Vitals()), call()])
    clock.advance(seconds=59)
    assert reader.search(Query())[0].in_progress
    clock.advance(seconds=2)
    assert [(found.outcome, found.reason) for found in reader.search(Query())] == [("lost", "service_ended")]


def test_a_call_whose_process_is_gone_from_this_host_is_lost_at_once(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = open_writer("gone", host=socket.gethostname(), pid=ended.pid)
    here = open_writer("here", host=socket.gethostname(), pid=os.getpid())
    gone.write([ServiceBeat(Vitals()), call("of-gone")])
    here.write([ServiceBeat(Vitals()), call("of-here")])
    assert {found.call_id: found.outcome for found in reader.search(Query())} == {
        "of-gone": "lost",
        "of-here": "in_progress",
    }


def test_a_process_that_lives_on_this_host_is_not_called_dead_by_a_clock_that_steps(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    here = open_writer("here", host=socket.gethostname(), pid=os.getpid())
    here.write([ServiceBeat(Vitals()), call()])
    clock.advance(minutes=30)
    assert reader.search(Query())[0].in_progress


def test_a_service_that_was_killed_is_over_when_another_has_its_host_and_process_id(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    here = {"host": socket.gethostname(), "pid": os.getpid()}  # a container that was started again: the pid lives
    open_writer("killed", **here).write([ServiceBeat(Vitals()), call("of-killed")])
    clock.advance(seconds=1)
    open_writer("next", **here).write([ServiceBeat(Vitals()), call("of-next")])
    assert {found.call_id: found.outcome for found in reader.search(Query())} == {
        "of-killed": "lost",
        "of-next": "in_progress",
    }
    assert {state.service_id: state.alive for state in reader.services()} == {"killed": False, "next": True}


def test_services_of_another_host_or_process_id_are_not_over_when_one_starts(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    open_writer("first", host="a", pid=1).write([ServiceBeat(Vitals()), call("c1")])
    open_writer("second", host="b", pid=1).write([ServiceBeat(Vitals()), call("c2")])
    open_writer("third", host="a", pid=2).write([ServiceBeat(Vitals()), call("c3")])
    assert {found.outcome for found in reader.search(Query())} == {"in_progress"}
    assert all(state.alive for state in reader.services())


def test_a_service_says_when_it_stopped_and_no_later_one_changes_that(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    open_writer("first").write([ServiceBeat(Vitals(), stopped=True)])
    stopped_at = clock()
    clock.advance(seconds=5)
    open_writer("second").write([ServiceBeat(Vitals())])
    assert {state.service_id: state.stopped_at for state in reader.services()} == {"first": stopped_at, "second": None}


def test_a_service_of_another_host_of_the_same_name_is_alive_again_with_its_next_beat(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    first, second = open_writer("first"), open_writer("second")
    first.write([ServiceBeat(Vitals()), call()])
    second.write([ServiceBeat(Vitals())])
    first.write([ServiceBeat(Vitals()), STEP])
    second.write([ServiceBeat(Vitals())])
    assert all(state.alive for state in reader.services())
    assert [found.outcome for found in reader.search(Query())] == ["in_progress"]


def test_a_change_that_the_database_refuses_does_not_keep_the_others_back(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    stray = EntryNoted("of a call that never began", SAID)
    assert open_writer().write([ServiceBeat(Vitals()), call(), stray, EntryNoted("c0ffee", SAID), SET]) == 1
    record = reader.call("c0ffee")
    assert record is not None
    assert (record.summary.outcome, list(record.entries)) == ("set", [SAID])


def test_a_service_that_was_only_slow_corrects_what_was_called_lost(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    writer = open_writer()
    writer.write([ServiceBeat(Vitals()), call()])
    clock.advance(seconds=120)
    assert reader.search(Query())[0].outcome == "lost"
    writer.write([ServiceBeat(Vitals()), SET])
    assert reader.search(Query())[0].outcome == "set"


def test_a_service_reports_its_vitals_until_it_stops(
    reader: CallReader, open_writer: OpenWriter, clock: FakeClock
) -> None:
    writer = open_writer()
    writer.write([ServiceBeat(Vitals(calls=3))])
    [state] = reader.services()
    assert state.alive
    assert state.vitals.calls == 3
    clock.advance(seconds=10)
    writer.write([ServiceBeat(Vitals(calls=0), stopped=True)])
    [state] = reader.services()
    assert not state.alive
    assert state.beat_at - state.started_at == timedelta(seconds=10)


def test_old_calls_are_forgotten_with_all_that_was_kept_of_them(reader: CallReader, open_writer: OpenWriter) -> None:
    writer = open_writer()
    late = replace(SET, call_id="late")
    writer.write([call(), EntryNoted("c0ffee", SAID), SET, call("late", after_s=60), late])
    assert writer.forget_before(BEGAN + timedelta(seconds=30)) == 1
    assert [found.call_id for found in reader.search(Query())] == ["late"]
    assert reader.call("c0ffee") is None


def test_a_call_in_progress_is_not_forgotten(reader: CallReader, open_writer: OpenWriter) -> None:
    writer = open_writer()
    writer.write([ServiceBeat(Vitals()), call()])
    assert writer.forget_before(BEGAN + timedelta(days=1)) == 0
    assert reader.call("c0ffee") is not None


def test_a_report_tells_who_got_through_at_first_try_and_where_the_others_failed(
    reader: CallReader, open_writer: OpenWriter
) -> None:
    smooth = replace(SET, wrong_entries=0)
    failed = replace(SET, outcome="failed", reason="wrong_entries", step="confirm")
    refused = replace(SET, outcome="refused", reason="withheld", step="admission")
    changes: list[Change] = [ServiceBeat(Vitals())]
    for number, progress in enumerate([smooth, smooth, SET, failed, refused]):
        changes += [call(f"c{number}", trunk="a" if number else "b"), replace(progress, call_id=f"c{number}")]
    open_writer().write(changes)
    told = reader.report(Query())
    assert (told.total.calls, told.total.admitted, told.total.set_, told.total.first_try) == (5, 4, 3, 2)
    assert told.total.first_try_share == 0.5
    assert told.total.failed_at == {"confirm": 1}
    assert told.total.outcomes == {
        ("set", "set"): 3,
        ("failed", "wrong_entries"): 1,
        ("refused", "withheld"): 1,
    }
    assert [(trunk, tally.calls) for trunk, tally in told.by_trunk.items()] == [("a", 4), ("b", 1)]
    assert reader.report(Query(outcome="lost")).total.first_try_share is None


def test_a_report_is_of_all_calls_and_never_has_them_all_in_memory(reader: CallReader, open_writer: OpenWriter) -> None:
    open_writer().write([call(f"{number:012}", trunk="b" if number else "a") for number in range(3000)])

    def peak_of(look: Callable[[Query], object]) -> int:
        tracemalloc.start()
        look(Query(limit=None))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert reader.report(Query(limit=None)) == count_one_by_one(reader.search(Query(limit=None)))
    assert reader.report(Query(trunks=["a"], limit=None)).total.calls == 1
    assert reader.report(Query(limit=1)).total.calls == 3000
    assert peak_of(reader.report) < peak_of(reader.search) / 2
