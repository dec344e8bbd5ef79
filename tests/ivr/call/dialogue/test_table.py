"""The table itself, and the diagram that is drawn from it."""

from __future__ import annotations

from ivr.call.dialogue.diagram import mermaid
from ivr.call.dialogue.table import STEPS, TRANSITIONS, Signal, State
from tests.repository import ROOT

PAGE = ROOT / "docs" / "the-call.md"


def reachable(start: State) -> set[State]:
    seen, todo = set(), [start]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += TRANSITIONS[state].values()
    return seen


def test_every_state_has_a_row_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    assert reachable(State.ADMISSION) == set(State)


def test_from_every_state_the_call_can_end() -> None:
    assert all(State.ENDED in reachable(state) for state in State)


def test_only_a_matching_confirmation_leads_to_the_store() -> None:
    arrows = [
        (state, signal) for state, row in TRANSITIONS.items() for signal, to in row.items() if to is State.STORING
    ]
    assert arrows == [(State.CONFIRM, Signal.MATCHED)]


def test_every_step_can_be_repeated_given_up_and_hung_up_on() -> None:
    for state in STEPS:
        row = TRANSITIONS[state]
        assert row[Signal.WRONG] is row[Signal.SILENT] is state
        assert row[Signal.GIVE_UP] is State.CLOSING
        assert row[Signal.HUNG_UP] is State.ENDED


def test_a_fault_of_ours_ends_every_call_that_has_not_ended() -> None:
    assert all(TRANSITIONS[state][Signal.FAULT] is State.ENDED for state in set(State) - {State.ENDED})


def test_every_signal_is_used() -> None:
    assert {signal for row in TRANSITIONS.values() for signal in row} == set(Signal)


def test_the_diagram_in_the_readme_is_the_one_that_the_table_draws() -> None:
    assert f"```mermaid\n{mermaid()}```" in PAGE.read_text(encoding="utf-8")
