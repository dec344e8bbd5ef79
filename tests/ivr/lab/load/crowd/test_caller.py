"""A caller of a load: what is done when, and what is noted."""

from __future__ import annotations

from ivr.lab.load.crowd.caller import (
    ANSWER_PATIENCE_S,
    GUIDANCE_PATIENCE_S,
    Action,
    CallEnd,
    Caller,
    HangUp,
    Press,
)
from ivr.lab.load.crowd.plan import Plan, When
from tests.ivr.lab.load.plans import PASSWORD, entry, plan


def answered(wanted: Plan) -> Caller:
    """A caller whose call is answered at 100.0."""
    caller = Caller(wanted, dialled=99.0, dialled_at=1_775_034_000.0)
    caller.answered(100.0)
    return caller


def pressed_at(caller: Caller, keys: str) -> float:
    """When the caller starts an entry with these keys, if nothing happens before."""
    at = caller.next_at
    assert caller.time(at - 0.001) is None
    action = caller.time(at)
    assert isinstance(action, Press)
    assert action.entry.keys == keys
    return at


def test_an_entry_that_stops_the_guidance_comes_after_its_start() -> None:
    caller = answered(plan(entry("1", wait_s=1.5)))
    caller.guidance_started(100.4)
    assert pressed_at(caller, "1") == 101.9


def test_an_entry_after_the_guidance_comes_after_its_end() -> None:
    caller = answered(plan(entry("1", When.GUIDANCE_HEARD, 0.5)))
    caller.guidance_started(100.4)
    caller.guidance_ended(110.0)
    assert pressed_at(caller, "1") == 110.5


def test_an_entry_that_is_typed_ahead_comes_after_the_last_one() -> None:
    caller = answered(plan(entry("1"), entry(PASSWORD, When.AHEAD, 0.3)))
    caller.guidance_started(100.4)
    pressed_at(caller, "1")
    caller.pressed(101.6, last_key=101.4)
    assert pressed_at(caller, PASSWORD) == 101.6 + 0.3


def test_guidance_that_is_heard_while_an_entry_is_pressed_is_not_the_next_one() -> None:
    caller = answered(plan(entry("1"), entry(PASSWORD)))
    caller.guidance_started(100.4)
    pressed_at(caller, "1")
    caller.guidance_started(101.5)
    caller.pressed(101.6, last_key=101.4)
    assert caller.time(103.0) is None
    caller.guidance_started(103.0)
    assert pressed_at(caller, PASSWORD) == 104.0


def test_what_is_heard_after_the_last_key_is_the_stores_answer() -> None:
    caller = answered(plan(entry("1")))
    caller.guidance_started(100.4)
    pressed_at(caller, "1")
    caller.pressed(101.6, last_key=101.4)
    caller.guidance_started(102.0)
    caller.guidance_started(108.0)
    caller.ended(110.0, CallEnd.BY_EXCHANGE)
    notes = caller.notes
    assert (notes.pressed_all, notes.keys_pressed, notes.end) == (True, 1, CallEnd.BY_EXCHANGE)
    assert notes.answer_s == 100.4 - 100.0
    assert notes.stored_s == 102.0 - 101.4


def left(caller: Caller, at: float) -> Action | None:
    assert caller.next_at == at
    return caller.time(at)


def test_a_caller_hangs_up_when_the_plan_says_so_whatever_happens() -> None:
    caller = answered(plan(entry("1", wait_s=5.0), hang_up_s=3.0))
    caller.guidance_started(100.4)
    assert left(caller, 103.0) == HangUp()
    caller.ended(103.1, CallEnd.BY_EXCHANGE)
    assert caller.notes.end is CallEnd.BY_CALLER


def test_a_caller_who_hears_nothing_loses_patience() -> None:
    caller = answered(plan())
    assert left(caller, 100.0 + GUIDANCE_PATIENCE_S) == HangUp()
    assert caller.notes.end is CallEnd.NO_PATIENCE
    assert caller.notes.first_guidance is None


def test_a_caller_whom_nobody_answers_loses_patience() -> None:
    caller = Caller(plan(), dialled=99.0, dialled_at=0.0)
    assert left(caller, 99.0 + ANSWER_PATIENCE_S) == HangUp()
    assert caller.notes.end is CallEnd.NO_ANSWER


def test_a_load_that_is_ended_ends_the_call() -> None:
    caller = answered(plan())
    caller.guidance_started(100.4)
    assert caller.interrupt() == HangUp()
    assert caller.notes.end is CallEnd.INTERRUPTED
    assert caller.time(1000.0) is None


def test_notes_do_not_show_what_was_pressed() -> None:
    caller = answered(plan())
    caller.guidance_started(100.4)
    assert PASSWORD not in repr(caller.notes)
    assert PASSWORD not in repr(Press(entry(PASSWORD)))
