"""One verdict of a call's steps: when it began to ring, for how long, and what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notice.calls.judging import GRACE, Judgement, Result, Verdict, judge
from notice.journal.caller import Caller
from notice.journal.lines import Line, Service, read_line
from tests.notice.journals import CALLER, NUMBER, START, answered_call, line, missed_call, opening


def steps(*raw: bytes) -> list[Line]:
    return [found for each in raw if (found := read_line(each)) is not None]


def judgement(*raw: bytes) -> Judgement:
    return judge(steps(*raw))


def verdict(*raw: bytes, given_up: bool = False) -> Verdict:
    found = judge(steps(*raw), given_up=given_up).verdict
    assert found is not None
    return found


def leg(after_s: float = 0.0, channel: str = "2") -> bytes:
    return line("leg", after_s, channel=channel)


def leg_end(after_s: float, *, ring: object = "", cause: int = 16, channel: str = "2") -> bytes:
    return line("leg-end", after_s, channel=channel, ring=ring, cause=cause)


def end(after_s: float, *, ring: object = "", cause: int = 16, status: str = "NOANSWER") -> bytes:
    return line("end", after_s, ring=ring, cause=cause, status=status)


def test_a_call_that_is_answered_is_judged_at_the_answer() -> None:
    until_answer = answered_call(rings_s=0.404, for_s=3.507)[:3]
    assert judgement(*until_answer[:2]) == Judgement(None)
    found = judgement(*until_answer)
    assert found.from_then_on is None
    assert found.verdict == Verdict(
        call=steps(until_answer[0])[0].call,
        number=NUMBER,
        caller=Caller(CALLER),
        began_at=START + timedelta(milliseconds=404),
        ringing_ms=3507,
        result=Result.ANSWERED,
    )
    assert found.verdict.ringing_s == 4


def test_a_call_that_nobody_answers_rings_until_its_caller_gives_up() -> None:
    found = verdict(*missed_call(rings_s=0.3, for_s=11.7))
    assert (found.result, found.ringing_ms) == (Result.NOT_ANSWERED, 11_700)


@pytest.mark.parametrize(
    ("cause", "ring", "result"),
    [
        (17, "", Result.BUSY),
        (21, 0, Result.NOT_ANSWERED),
        (19, "", Result.NOT_ANSWERED),
        (16, 305, Result.NOT_ANSWERED),
        (127, 302, Result.NOT_ANSWERED),
        (0, 308, Result.NOT_ANSWERED),
        (20, "", Result.NOT_ANSWERED),
    ],
    ids=[
        "486",
        "603 after it rang",
        "480",
        "rings until the Dial ends",
        "caller cancels",
        "given up",
        "not registered",
    ],
)
def test_what_became_of_an_unanswered_call_is_in_the_cause(cause: int, ring: object, result: Result) -> None:
    found = verdict(opening(), leg(), leg_end(2.0, ring=ring, cause=cause), end(2.0, ring=ring, cause=cause))
    assert found.result is result
    assert found.ringing_ms == (0 if ring == "" else 2000 - int(str(ring)))
    assert found.began_at == START + timedelta(milliseconds=int(str(ring or 0)))


def test_a_call_whose_phone_is_not_there_has_no_legs_and_did_not_ring() -> None:
    found = verdict(opening(), end(0.1, cause=20, status="CHANUNAVAIL"))
    assert (found.result, found.ringing_ms, found.began_at) == (Result.NOT_ANSWERED, 0, START)


def test_a_call_to_several_phones_rings_from_the_first_until_the_last() -> None:
    ringing = [opening(), leg(channel="2"), leg(channel="3"), leg_end(0.1, cause=17, channel="2")]
    assert judgement(*ringing) == Judgement(None)
    found = verdict(*ringing, leg_end(9.0, ring=500, cause=0, channel="3"), end(9.0, ring=500))
    assert (found.result, found.ringing_ms) == (Result.NOT_ANSWERED, 8_500)
    answered = verdict(*ringing, line("answered", 4.0, channel="3", ring=500))
    assert (answered.result, answered.ringing_ms) == (Result.ANSWERED, 3_500)


def test_after_the_last_phone_the_exchange_has_a_second_to_forward_the_call() -> None:
    over = [opening(), leg(), leg_end(6.0, ring=300, cause=0)]
    found = judgement(*over)
    assert found.from_then_on == START + timedelta(seconds=6) + GRACE
    assert found.verdict is not None
    assert found.verdict.result is Result.NOT_ANSWERED
    assert judgement(*over, opening("forward", 6.001)) == Judgement(None)


def test_a_call_that_the_exchange_forwards_rang_for_as_long_as_its_own_phone_did() -> None:
    own = [opening(), leg(), leg_end(6.0, ring=300, cause=0), opening("forward", 6.001), leg(6.002, "3")]
    found = verdict(*own, line("answered", 10.0, channel="3", ring=400))
    assert (found.result, found.ringing_ms) == (Result.FORWARDED, 5_700)
    unanswered = verdict(*own, leg_end(12.0, ring=400, cause=0, channel="3"), end(12.0))
    assert (unanswered.result, unanswered.ringing_ms) == (Result.FORWARDED, 5_700)
    busy = verdict(*own, leg_end(6.1, cause=17, channel="3"), end(6.1, cause=17, status="BUSY"))
    assert (busy.result, busy.ringing_ms) == (Result.FORWARDING_FAILED, 5_700)


def test_a_call_that_is_always_forwarded_did_not_ring() -> None:
    found = verdict(opening("forward"), leg(), line("answered", 5.0, channel="2", ring=400))
    assert (found.result, found.ringing_ms, found.caller) == (Result.FORWARDED, 0, Caller(CALLER))


def test_a_call_that_a_phone_forwards_is_answered_on_a_leg_of_its_own() -> None:
    moved = [opening(), leg(), leg_end(0.01, cause=23)]
    assert judgement(*moved) == Judgement(None)
    found = verdict(*moved, line("answered", 4.0, channel="7", ring=408))
    assert (found.result, found.ringing_ms) == (Result.FORWARDED, 0)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (17, Result.FORWARDING_FAILED),
        (20, Result.FORWARDING_FAILED),
        (34, Result.FORWARDING_FAILED),
        (127, Result.FORWARDED),
        (16, Result.FORWARDED),
        (21, Result.FORWARDED),
    ],
)
def test_forwarding_fails_where_the_target_is_busy_or_not_there(cause: int, result: Result) -> None:
    assert verdict(opening(), leg(), leg_end(0.01, cause=23), end(0.1, cause=cause)).result is result


def test_a_refused_call_is_judged_at_once() -> None:
    found = judgement(opening("refused", service="anonymous")).verdict
    assert found is not None
    assert (found.result, found.service, found.ringing_ms) == (Result.REFUSED, Service.ANONYMOUS, 0)


def test_where_the_legs_cannot_see_the_ringing_the_end_of_the_call_tells_it() -> None:
    ringing = [opening(), leg(), line("answered", 4.0, channel="2", ring="?"), leg_end(9.0, ring="?")]
    assert judgement(*ringing) == Judgement(None)
    found = verdict(*ringing, end(9.0, ring=500, status="ANSWER"))
    assert (found.result, found.ringing_ms) == (Result.ANSWERED, 3_500)
    missed = verdict(opening(), leg(), leg_end(9.0, ring="?", cause=0), end(9.0, ring=500, cause=127))
    assert (missed.result, missed.ringing_ms) == (Result.NOT_ANSWERED, 8_500)


def test_a_dial_without_our_option_u_still_says_that_it_was_answered_but_not_when() -> None:
    found = verdict(opening(), leg(), leg_end(60.0, ring=400), end(60.0, ring=400, status="ANSWER"))
    assert (found.result, found.ringing_ms) == (Result.ANSWERED, None)


def test_when_asterisk_dies_a_ringing_call_was_not_answered_and_its_ringing_is_not_known() -> None:
    found = verdict(opening(), leg(), given_up=True)
    assert (found.result, found.ringing_ms, found.ringing_s) == (Result.NOT_ANSWERED, None, None)
    forwarded = verdict(opening(), leg(), leg_end(0.01, cause=23), given_up=True)
    assert (forwarded.result, forwarded.ringing_ms) == (Result.FORWARDED, 0)


def test_nothing_that_follows_a_decisive_step_changes_the_verdict() -> None:
    call = answered_call()
    assert verdict(*call) == verdict(*call[:3])


def test_no_repr_shows_who_called() -> None:
    assert CALLER not in repr(verdict(*missed_call()))
