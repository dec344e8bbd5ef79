"""Every change of state goes along the table, and an impossible signal is a named error of ours."""

from __future__ import annotations

import ast
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.model import Line
from ivr.call.dialogue import Dialogue, Limits, State, dialogue
from ivr.call.dialogue.errors import ImpossibleSignalError
from ivr.call.dialogue.events import (
    Admitted,
    Ending,
    Event,
    GuidanceEnded,
    HangUp,
    HungUp,
    KeyMayBeLost,
    KeyPressed,
    KeyReleased,
    NotAdmitted,
    NotStored,
    Outcome,
    RefusalReason,
    StoreAway,
    Stored,
    StreamBroken,
    TimePassed,
)
from ivr.call.dialogue.table import TRANSITIONS, Signal, follow
from tests.ivr.call.dialogue.conversation import ADDITIONAL, CONTRACT, LINE, PASSWORD, Conversation

FAULT = Ending(Outcome.ERROR, "fault")
LOCKED = NotAdmitted(RefusalReason.LOCKED)
ANSWERS: tuple[Event, ...] = (Admitted(LINE), LOCKED, StoreAway(), Stored(), NotStored())
OTHERS: tuple[Event, ...] = (
    KeyPressed("1"),
    KeyReleased(),
    KeyMayBeLost(),
    GuidanceEnded(),
    TimePassed(),
    HungUp(),
    StreamBroken(),
)

TAKEN: dict[State, set[Event]] = {
    State.ADMISSION: {Admitted(LINE), LOCKED, StoreAway()},
    State.STORING: {LOCKED, StoreAway(), Stored(), NotStored()},
    State.CLOSING: {LOCKED, StoreAway(), Stored(), NotStored()},  # they come too late
    State.ENDED: set(ANSWERS),
}
"""The answers that a state takes; other states take none, because they have asked for none."""


def conversation(state: State) -> Conversation:
    """Bring a call into this state."""
    call = Conversation(admitted=state is not State.ADMISSION)
    match state:
        case State.ADMISSION | State.UNIT:
            pass
        case State.NUMBER:
            call.press("2")
        case State.PASSWORD:
            call.press("1")
        case State.CONFIRM:
            call.press("1" + PASSWORD)
        case State.STORING:
            call.press("1" + PASSWORD + PASSWORD)
        case State.DONE:
            call.press("1" + PASSWORD + PASSWORD)
            call.happens(Stored())
        case State.CLOSING:
            call.press("9#9#9#", every_s=10)
        case State.ENDED:
            call.happens(HungUp())
    assert call.dialogue.state is state
    return call


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_a_state_follows_a_signal_by_the_table_or_says_that_it_cannot(state: State, signal: Signal) -> None:
    if signal in TRANSITIONS[state]:
        assert follow(state, signal) is TRANSITIONS[state][signal]
        return
    with pytest.raises(ImpossibleSignalError, match=f"{signal.name} came in the state {state.name}, ") as error:
        follow(state, signal)
    assert all(possible.name in str(error.value) for possible in TRANSITIONS[state])


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", OTHERS, ids=lambda event: type(event).__name__)
def test_whatever_a_caller_does_can_happen_in_every_state(state: State, event: Event) -> None:
    conversation(state).happens(event)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda event: type(event).__name__)
def test_an_answer_that_a_state_has_not_asked_for_is_an_error_that_changes_nothing(state: State, answer: Event) -> None:
    call = conversation(state)
    if answer in TAKEN.get(state, set()):
        call.happens(answer)
        return
    if isinstance(answer, Admitted):
        answer = Admitted(Line(contract_number="0661234567", numbers=frozenset({"0661234567"})))
    before = known_of(call.dialogue)
    with pytest.raises(ImpossibleSignalError, match=state.name):
        call.happens(answer)
    assert known_of(call.dialogue) == before
    if state is State.NUMBER:
        call.press(f"{ADDITIONAL}#")
        assert call.dialogue.target == ADDITIONAL


def known_of(dialogue: Dialogue) -> dict[str, object]:
    return {name: repr(value) for name, value in vars(dialogue).items()} | {"deadline": dialogue.deadline}


happenings: st.SearchStrategy[list[Event | None]] = st.one_of(
    st.sampled_from(["1", "2", "3", "9#", f"{CONTRACT}#", PASSWORD, PASSWORD, PASSWORD[::-1]]).map(
        lambda keys: [KeyPressed(key) for key in keys]
    ),
    st.sampled_from([*ANSWERS, *OTHERS]).map(lambda event: [event]),
    st.just([None]),
)
"""The keys of an entry, one event, or (None) a fault of ours."""


@given(st.lists(st.tuples(st.sampled_from([0.1, 1.5, 5.0, 61.0]), happenings), max_size=20))
@settings(max_examples=500)
def test_whatever_happens_the_call_is_where_the_last_arrow_led(history: list[tuple[float, list[Event | None]]]) -> None:
    arrived = [State.ADMISSION]

    def followed(state: State, signal: Signal) -> State:
        assert state is arrived[-1]
        arrived.append(follow(state, signal))
        return arrived[-1]

    now = 0.0
    call = Dialogue(CONTRACT, limits=Limits(), now=now)
    hung_up = 0
    with patch.object(dialogue, "follow", followed):
        admitted: list[Event | None] = [Admitted(LINE)]
        for pause, events in [(0.0, admitted), *history]:
            for event in events:
                now += pause
                try:
                    commands = call.abort(FAULT, now) if event is None else call.handle(event, now)
                except ImpossibleSignalError:
                    assert event in ANSWERS
                    continue
                assert call.state is arrived[-1]
                hung_up += sum(isinstance(command, HangUp) for command in commands)
    assert hung_up == (call.state is State.ENDED)


def test_only_one_place_assigns_the_state_and_only_one_reads_the_arrows_to_move() -> None:
    assigning, reading = set(), set()
    for path in Path(dialogue.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                place = f"{path.stem}.{function.name}"
                if isinstance(node, ast.Attribute) and node.attr == "_state" and isinstance(node.ctx, ast.Store):
                    assigning.add(place)
                if isinstance(node, ast.Name) and node.id == "TRANSITIONS":
                    reading.add(place)
    assert assigning == {"dialogue.__init__", "dialogue._move"}
    assert {place for place in reading if not place.startswith("diagram.")} == {"table.follow"}
