"""What a fault cost, from what callers noted, the records, and the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from credentials.model import Unit
from ivr.lab.faults.toll import Heard, Period, Toll, Truth, heard_by, said_of, tolls, truth_of
from ivr.lab.load.crowd.caller import CallEnd
from ivr.lab.load.judge import Fate, JudgedCall, Stored
from ivr.lab.load.logins import LoginTry
from tests.ivr.lab.load.plans import CALLER, PASSWORD, notes
from tests.ivr.lab.load.test_judge import STORED, record

START = notes().dialled_at
KILLED = Period(fault="killed", began=START + 100, ended=START + 100, over=START + 200)
CUT = Period(fault="cut", began=START + 200, ended=START + 230, over=START + 300)


def call(at_s: float, *, took_s: float = 40.0, fate: Fate = Fate.SET, **noted: Any) -> JudgedCall:
    """A call that was dialled so many seconds after the start."""
    mine = notes(dialled_at=START + at_s, dialled=10.0, ended=10.0 + took_s, **noted)
    if fate is Fate.SET:
        return JudgedCall(mine, record(), fate, STORED)
    return JudgedCall(mine, None, fate)


def toll_of(*calls: JudgedCall) -> dict[str, Toll]:
    return {toll.period.fault: toll for toll in tolls(calls, [KILLED, CUT])}


def test_a_call_that_got_through_counts_and_costs_nothing() -> None:
    toll = toll_of(call(110))["killed"]
    assert (toll.calls, toll.concerned, toll.new_calls_failed_s, toll.whole_again_s) == (1, 0, 0.0, 0.0)


def test_a_call_before_all_faults_counts_for_none() -> None:
    assert [toll.calls for toll in toll_of(call(10)).values()] == [0, 0]


def test_a_call_that_was_going_on_when_the_fault_began_is_its_own() -> None:
    toll = toll_of(call(90, fate=Fate.LOST, end=CallEnd.NO_PATIENCE))["killed"]
    assert (toll.concerned, toll.heard) == (1, {Heard.SILENCE: 1})
    assert toll.new_calls_failed_s == 0.0


@pytest.mark.parametrize(("end", "whose"), [(CallEnd.NO_PATIENCE, "killed"), (CallEnd.BY_EXCHANGE, "cut")])
def test_a_broken_call_that_ends_in_the_next_fault_is_of_the_one_in_which_it_went_wrong(
    end: CallEnd, whose: str
) -> None:
    found = toll_of(call(150, took_s=80, fate=Fate.LOST, end=end))
    assert {fault: toll.concerned for fault, toll in found.items() if toll.concerned} == {whose: 1}


def test_how_long_new_calls_fail_is_counted_from_begin_and_from_end() -> None:
    failed = [call(at, took_s=1, fate=Fate.TURNED_AWAY, end=CallEnd.REFUSED) for at in (201, 220, 234)]
    toll = toll_of(*failed, call(240))["cut"]
    assert (toll.new_calls_failed_s, toll.whole_again_s) == (34.0, 4.0)


def test_calls_that_fail_only_while_the_fault_lasts_leave_the_house_whole_at_its_end() -> None:
    toll = toll_of(call(210, took_s=1, fate=Fate.TURNED_AWAY, end=CallEnd.REFUSED))["cut"]
    assert (toll.new_calls_failed_s, toll.whole_again_s) == (10.0, 0.0)


@pytest.mark.parametrize(
    ("noted", "heard"),
    [
        ({"end": CallEnd.REFUSED, "answered": None, "first_guidance": None}, Heard.BUSY),
        ({"end": CallEnd.NO_ANSWER, "answered": None, "first_guidance": None}, Heard.RINGING),
        ({"end": CallEnd.NO_PATIENCE, "first_guidance": None}, Heard.NOTHING),
        ({"end": CallEnd.NO_PATIENCE}, Heard.SILENCE),
        ({"end": CallEnd.BY_EXCHANGE}, Heard.APOLOGY),
    ],
)
def test_what_a_caller_heard(noted: dict[str, Any], heard: Heard) -> None:
    assert heard_by(notes(**noted)) is heard


LOST = record(outcome="lost", reason="service_ended")


@pytest.mark.parametrize(
    ("judged", "truth"),
    [
        (JudgedCall(notes(), record(), Fate.SET, STORED), Truth.AS_TOLD),
        (JudgedCall(notes(), record(), Fate.WRONG, None), Truth.LOST),
        (JudgedCall(notes(), LOST, Fate.UNTOLD, STORED), Truth.UNTOLD),
        (JudgedCall(notes(), None, Fate.TURNED_AWAY, None), Truth.AS_TOLD),
        (JudgedCall(notes(), record(), Fate.WRONG, STORED, opens=False), Truth.WRONG),
        (JudgedCall(notes(), record(), Fate.WRONG, replace(STORED, target="0450000008")), Truth.WRONG),
        (JudgedCall(notes(), LOST, Fate.WRONG, Stored("c0ffee", CALLER, Unit.NUMBER)), Truth.WRONG),
    ],
)
def test_what_was_told_against_what_is_stored(judged: JudgedCall, truth: Truth) -> None:
    assert truth_of(judged) is truth


def test_what_differs_from_the_store_is_counted_and_concerns_its_caller() -> None:
    told = JudgedCall(notes(dialled_at=START + 110), record(), Fate.WRONG, None)
    toll = toll_of(told)["killed"]
    assert (toll.concerned, toll.truths) == (1, {Truth.LOST: 1})


def test_a_login_counts_for_the_fault_in_whose_time_it_ended_and_its_problem_is_kept() -> None:
    tries = [
        LoginTry(at=START + 50, took_s=1),
        LoginTry(at=START + 110, took_s=1),
        LoginTry(at=START + 198, took_s=5, problem="NoSite"),
        LoginTry(at=START + 240, took_s=1),
        LoginTry(at=START + 301, took_s=1, problem="after all"),
    ]
    killed, cut = tolls([], [KILLED, CUT], tries)
    assert (killed.logins, killed.login_problems) == (1, {})
    assert (cut.logins, cut.login_problems) == (2, {"NoSite": 1})


def test_what_is_said_of_a_grave_call_helps_to_find_the_cause_and_shows_no_password() -> None:
    said = said_of(replace(call(110, fate=Fate.SET), opens=False, fate=Fate.WRONG))
    assert "which the typed password does not open" in said
    assert CALLER in said
    assert PASSWORD not in said
