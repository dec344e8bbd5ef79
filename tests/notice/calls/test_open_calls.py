"""Each call gets one verdict, in whatever order the steps of many calls come, and even if its end never does."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notice.calls.judging import Result, Verdict
from notice.calls.open_calls import LONGEST_OPEN, OpenCalls
from notice.journal.lines import read_line
from notice.journal.place import Place
from tests.notice.journals import START, answered_call, line, missed_call, opening


def take(calls: OpenCalls, *raw: bytes, first: int = 0) -> list[Verdict]:
    found: list[Verdict] = []
    for place, each in enumerate(raw, start=first):
        step = read_line(each)
        assert step is not None
        found += calls.take(step, Place("file", place))
    return found


def test_a_call_is_open_from_its_first_step_until_its_verdict() -> None:
    calls = OpenCalls()
    raw = answered_call()
    assert take(calls, *raw[:2]) == []
    assert (len(calls), calls.oldest) == (1, Place("file", 0))
    (found,) = take(calls, *raw[2:])
    assert found.result is Result.ANSWERED
    assert (len(calls), calls.oldest) == (0, None)


def test_the_oldest_open_call_is_the_one_that_started_first() -> None:
    calls = OpenCalls()
    take(calls, opening(call="1"), opening(call="2"), *answered_call(call="3"))
    assert calls.oldest == Place("file", 0)
    take(calls, line("end", 1.0, call="1", cause=127), first=9)
    assert calls.oldest == Place("file", 1)


def test_two_numbers_that_one_call_reaches_have_a_verdict_each() -> None:
    calls = OpenCalls()
    found = take(calls, *missed_call(number="0312345678"), *missed_call(number="0312345679"))
    assert {verdict.number for verdict in found} == {"0312345678", "0312345679"}


def test_steps_of_a_call_whose_start_is_not_known_are_passed_over() -> None:
    assert take(OpenCalls(), *answered_call()[1:]) == []


def test_a_call_whose_phones_are_over_is_judged_by_the_time_of_later_lines() -> None:
    calls, over = OpenCalls(), missed_call(for_s=6.0)[:3]
    assert take(calls, *over) == []
    assert take(calls, opening(after_s=7.0, call="2")) == []
    (found,) = take(calls, opening(after_s=7.5, call="3"))
    assert found.result is Result.NOT_ANSWERED


def test_a_call_whose_phones_are_over_is_judged_when_nothing_more_is_written() -> None:
    calls = OpenCalls()
    take(calls, *missed_call(rings_s=0.0, for_s=6.0)[:3])
    assert list(calls.pass_time(START + timedelta(seconds=6.9))) == []
    assert len(list(calls.pass_time(START + timedelta(seconds=7.1)))) == 1


def test_calls_of_an_asterisk_that_died_are_given_up_at_the_first_call_of_the_next() -> None:
    calls = OpenCalls()
    take(calls, opening(call="40"), opening(call="41"))
    later = START + timedelta(seconds=30)
    found = take(calls, opening(call="0", start=later), first=2)
    assert [verdict.result for verdict in found] == [Result.NOT_ANSWERED] * 2
    assert [verdict.ringing_ms for verdict in found] == [None, None]
    assert len(calls) == 1


def test_a_clock_that_is_set_back_ends_no_call() -> None:
    calls = OpenCalls()
    take(calls, opening(call="50"), line("leg", call="50", channel="51"))
    back = START - timedelta(seconds=10)
    take(calls, opening(call="52", start=back), line("leg", call="52", channel="53", start=back), first=2)
    assert take(calls, line("leg-end", 3.0, call="50", channel="51", ring=100, cause=17), first=4) == []
    assert len(calls) == 2


@pytest.mark.parametrize("first_of_the_next", ["0", "2"])
def test_so_is_the_very_first_call_of_an_asterisk_that_died_soon(first_of_the_next: str) -> None:
    calls = OpenCalls()
    take(calls, opening(call="0"), line("leg", call="0", channel="1"), *missed_call(call="2"))
    (found,) = take(calls, opening(call=first_of_the_next, start=START + timedelta(seconds=30)), first=9)
    assert found.call.endswith(".0")
    assert len(calls) == 1


def test_a_call_that_was_first_on_the_line_and_late_at_its_phone_gives_up_no_other() -> None:
    calls = OpenCalls()
    take(calls, opening(call="41"))
    assert take(calls, opening(call="40", after_s=0.5), first=1) == []
    assert len(calls) == 2


def test_a_call_without_an_end_is_given_up_after_a_time() -> None:
    calls = OpenCalls()
    take(calls, *answered_call()[:2])
    assert list(calls.pass_time(START + LONGEST_OPEN - timedelta(seconds=1))) == []
    (found,) = calls.pass_time(START + LONGEST_OPEN + timedelta(seconds=1))
    assert (found.result, found.ringing_ms) == (Result.NOT_ANSWERED, None)


def test_a_call_that_was_answered_and_talks_for_long_stays_answered() -> None:
    calls = OpenCalls()
    take(calls, *answered_call()[:2])
    assert take(calls, line("answered", 4.0, channel="11", ring="?", cause=16), first=2) == []
    (found,) = calls.pass_time(START + LONGEST_OPEN + timedelta(seconds=1))
    assert found.result is Result.ANSWERED


def test_what_could_be_said_before_a_forwarding_does_not_outlive_it() -> None:
    calls = OpenCalls()
    take(calls, *missed_call(for_s=3.0)[:2], line("leg-end", 3.4, channel="11", ring=400, cause=17))
    take(calls, opening("forward", 3.5), line("leg", 3.5, channel="12"), first=3)
    (found,) = calls.pass_time(START + LONGEST_OPEN + timedelta(seconds=1))
    assert found.result is Result.FORWARDED


def test_two_calls_that_start_at_once_and_are_counted_in_another_order_both_go_on() -> None:
    calls = OpenCalls()
    take(calls, opening(call="41"))
    assert take(calls, opening(call="40", start=START + timedelta(seconds=1)), first=1) == []
    assert len(calls) == 2


def test_a_call_of_very_many_steps_is_judged_by_its_end() -> None:
    calls = OpenCalls()
    take(calls, opening())
    for place in range(1, 801):
        step = line("leg", 0.01 * place, channel=f"1{place}")
        assert take(calls, step, line("leg-end", 0.01 * place, channel=f"1{place}", cause=17), first=2 * place) == []
    (found,) = take(calls, line("end", 9.0, status="BUSY", cause=17), first=2000)
    assert found.result is Result.BUSY


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_however_calls_are_interleaved_each_has_one_verdict_and_it_is_its_own(
    answered: list[bool], chance: object
) -> None:
    journals = [
        (answered_call if is_answered else missed_call)(call=str(number), for_s=2.0 + number)
        for number, is_answered in enumerate(answered)
    ]
    waiting = [list(journal) for journal in journals]
    mixed: list[bytes] = []
    while any(waiting):
        mixed.append(chance.choice([journal for journal in waiting if journal]).pop(0))  # type: ignore[attr-defined]
    calls = OpenCalls()
    found = take(calls, *mixed)
    found += calls.pass_time(START + timedelta(hours=1))
    assert len(calls) == 0
    assert Counter(verdict.call for verdict in found) == {
        f"karipass-{int(START.timestamp())}.{n}": 1 for n in range(len(answered))
    }
    results = {verdict.call.rpartition(".")[2]: verdict for verdict in found}
    for number, is_answered in enumerate(answered):
        verdict = results[str(number)]
        assert verdict.result is (Result.ANSWERED if is_answered else Result.NOT_ANSWERED)
        assert verdict.ringing_ms == round((2.0 + number) * 1000)
