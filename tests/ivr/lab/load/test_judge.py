"""What became of a call: its caller's intent against the record, the audit trail and the site's answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.audit import Action, AuditRecord
from credentials.model import Unit
from ivr.lab.load.crowd.caller import CallEnd, CallNotes
from ivr.lab.load.judge import Fate, JudgedCall, Stored, fate_of, judge, matched
from ivr.records import CallBegan, CallSummary
from tests.ivr.lab.load.plans import CALLER, PASSWORD, notes, plan

DIALLED = datetime.fromtimestamp(notes().dialled_at, UTC)


def record(call_id: str = "c0ffee", *, caller: str = CALLER, after_s: float = 0.1, **values: Any) -> CallSummary:
    began = CallBegan(
        call_id=call_id,
        channel_id="1",
        trunk="trunk",
        began_at=DIALLED + timedelta(seconds=after_s),
        caller=caller,
        language="ja",
    )
    whole = CallSummary(
        began=began,
        service_id="service",
        ended_at=None,
        unit="LINE",
        target=CALLER,
        step="confirm",
        outcome="set",
        reason="set",
        wrong_entries=0,
        silences=0,
        keys=17,
        missed=0,
        hangup=None,
        rtp=None,
    )
    return replace(whole, **values)


STORED = Stored("c0ffee", CALLER, Unit.LINE)
NOT_SET = record(outcome="failed", reason="wrong_entries")


@pytest.mark.parametrize(
    ("noted", "recorded", "stored", "opens", "fate"),
    [
        (notes(), record(), STORED, True, Fate.SET),
        (notes(), record(), STORED, False, Fate.WRONG),
        (notes(), record(), Stored("c0ffee", "0450000008", Unit.LINE), True, Fate.WRONG),
        (notes(), record(), Stored("c0ffee", CALLER, Unit.NUMBER), True, Fate.WRONG),
        (notes(), record(), None, True, Fate.WRONG),  # the caller was told that it is set
        (notes(), NOT_SET, STORED, True, Fate.WRONG),  # the caller was not told
        (notes(), record(outcome="lost", reason="service_ended"), STORED, True, Fate.UNTOLD),
        (notes(), record(outcome="lost", reason="service_ended"), STORED, False, Fate.WRONG),
        (notes(end=CallEnd.BY_CALLER), record(outcome="abandoned", reason="hung_up"), STORED, True, Fate.WRONG),
        (notes(end=CallEnd.BY_CALLER), record(), STORED, True, Fate.SET),
        (notes(end=CallEnd.BY_CALLER), record(outcome="abandoned", reason="hung_up"), None, True, Fate.LEFT),
        (notes(end=CallEnd.INTERRUPTED), None, None, True, Fate.LEFT),
        (notes(), NOT_SET, None, True, Fate.LOST),
        (notes(plan=plan(loses=0.02)), NOT_SET, None, True, Fate.NOT_SET_LOSSY),
        (notes(plan=plan(loses=0.02)), record(), STORED, False, Fate.WRONG),
        (notes(), None, None, True, Fate.TURNED_AWAY),
        (notes(end=CallEnd.REFUSED, answered=None, first_guidance=None), None, None, True, Fate.TURNED_AWAY),
        (notes(end=CallEnd.NO_ANSWER, answered=None, first_guidance=None), None, None, True, Fate.LOST),
        (notes(end=CallEnd.NO_PATIENCE, first_guidance=None), NOT_SET, None, True, Fate.UNHEARD),
        (notes(end=CallEnd.BY_EXCHANGE, first_guidance=None), None, None, True, Fate.UNHEARD),
        (notes(end=CallEnd.NO_PATIENCE), NOT_SET, None, True, Fate.LOST),
    ],
)
def test_what_became_of_a_call(
    noted: CallNotes, recorded: CallSummary | None, stored: Stored | None, opens: bool, fate: Fate
) -> None:
    assert fate_of(noted, recorded, stored, opens=opens) is fate


def test_only_what_went_as_meant_is_no_complaint() -> None:
    assert {fate for fate in Fate if fate.is_as_meant} == {Fate.SET, Fate.LEFT, Fate.NOT_SET_LOSSY}
    assert JudgedCall(notes(), record(), Fate.SET).complaint is None
    assert JudgedCall(notes(), None, Fate.TURNED_AWAY).complaint is None
    lost = JudgedCall(notes(), record(outcome="failed", reason="wrong_entries", keys=15), Fate.LOST).complaint
    assert lost == (
        f"{CALLER}: lost; the exchange hung up; call c0ffee ended at confirm as failed (wrong_entries); 2 keys missed"
    )
    assert PASSWORD not in lost


@pytest.mark.parametrize(
    ("noted", "heard", "off"),
    [
        (notes(), 17, 0),
        (notes(), 15, -2),
        (notes(), 18, 1),
        (notes(plan=plan(loses=0.02)), 15, None),
        (notes(end=CallEnd.BY_CALLER), 15, None),
        (notes(is_pressing=True), 18, None),
    ],
)
def test_how_many_keys_were_heard_too_many_or_too_few(noted: CallNotes, heard: int, off: int | None) -> None:
    call = JudgedCall(noted, record(keys=heard), Fate.SET)
    assert call.keys_off == off
    assert (call.complaint is None) is not bool(off)


def test_a_call_without_a_record_has_no_count_of_keys() -> None:
    assert JudgedCall(notes(), None, Fate.TURNED_AWAY).keys_off is None


def test_a_call_is_judged_by_its_own_record() -> None:
    second = notes(dialled_at=notes().dialled_at + 60.0)
    records = [
        record("later", after_s=60.2),
        record("another", caller="0450000008"),
        record("first", outcome="failed", reason="silence"),
    ]
    assert [found and found.call_id for found in matched([notes(), second], records)] == ["first", "later"]
    judged = judge([notes(), second], records, [Stored("later", CALLER, Unit.LINE)], {"later": True})
    assert [call.fate for call in judged] == [Fate.LOST, Fate.SET]
    judged = judge([notes(), second], records, [Stored("later", CALLER, Unit.LINE)], {"later": False})
    assert [call.fate for call in judged] == [Fate.LOST, Fate.WRONG]


def test_a_record_of_another_time_is_not_the_calls() -> None:
    assert matched([notes()], [record(after_s=300.0)]) == [None]


@pytest.mark.parametrize("ahead_s", [24 * 3600.0, -3600.0])
def test_the_only_record_of_a_host_whose_clock_is_wrong_is_found_where_the_number_has_called_once(
    ahead_s: float,
) -> None:
    of_the_host = record("its", after_s=ahead_s)
    assert matched([notes()], [of_the_host]) == [of_the_host]
    again = notes(dialled_at=notes().dialled_at + 600.0)
    assert matched([notes(), again], [of_the_host]) == [None, None]


def test_what_was_stored_is_read_from_the_audit_trail() -> None:
    def entry(action: Action, origin: str) -> AuditRecord:
        return AuditRecord(1, DIALLED, action, CALLER, origin, CALLER, "unit LINE")

    trail = [
        entry(Action.TEMPORARY_PASSWORD_SET, "call c0ffee"),
        entry(Action.LOGIN, "session s"),
    ]
    assert Stored.all_of(trail) == [STORED]
