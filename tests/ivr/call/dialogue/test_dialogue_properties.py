"""What holds for every sequence of events, whatever a caller, the store or the line does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.model import Unit
from ivr.call.dialogue import Dialogue, Limits, State
from ivr.call.dialogue.events import (
    Admitted,
    Command,
    DiscardPassword,
    Event,
    GuidanceEnded,
    HangUp,
    HungUp,
    Judged,
    KeyPressed,
    KeyReleased,
    NotAdmitted,
    NotStored,
    PreparePassword,
    RefusalReason,
    Say,
    StoreAway,
    Stored,
    StorePassword,
    TimePassed,
)
from tests.ivr.call.dialogue.conversation import ADDITIONAL, CONTRACT, LINE

PASSWORDS = ("24681357", "13572468")

entries = st.one_of(
    st.sampled_from(["1", "2", "3", "9", "#", "*", f"{CONTRACT}#", f"{ADDITIONAL}#", "0661234567#"]),
    st.sampled_from(PASSWORDS),
    st.text("0123456789*#ABCD", min_size=1, max_size=12),
)
presses = entries.map(lambda keys: [KeyPressed(key) for key in keys])
others = st.sampled_from(
    [
        [GuidanceEnded()],
        [TimePassed()],
        [KeyReleased()],
        [Stored()],
        [HungUp()],
        [StoreAway()],
        [NotStored()],
        [NotAdmitted(RefusalReason.LOCKED)],
    ]
)
steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.3, 1.5, 4.9, 5.0, 10.0, 61.0]), st.one_of(presses, presses, others)),
    max_size=25,
)
callers = st.sampled_from([CONTRACT, ADDITIONAL])

EXPECTED_IN = {
    Stored: {State.STORING},
    NotStored: {State.STORING},
    StoreAway: {State.STORING, State.ADMISSION},
    NotAdmitted: {State.STORING, State.ADMISSION},
}
"""Answers come only if they were asked for: the shell sends none otherwise."""


History = list[tuple[float, list[Event]]]
"""Pauses, and what happens after each."""


def run(caller: str, history: History) -> tuple[Dialogue, list[Command], list[str]]:
    """Run a history; returns the dialogue, its commands, and the keys that were pressed while it asked for keys."""
    now = 0.0
    dialogue = Dialogue(caller, limits=Limits(), now=now)
    commands = list(dialogue.handle(Admitted(LINE), now))
    pressed: list[str] = []
    for pause, events in history:
        now += pause
        for event in events:
            if dialogue.state not in EXPECTED_IN.get(type(event), set(State)):
                continue
            if isinstance(event, KeyPressed):
                pressed.append(event.key)
                now += 0.05
            commands += dialogue.handle(event, now)
    return dialogue, commands, pressed


@given(callers, steps)
@settings(max_examples=500)
def test_nothing_is_stored_but_eight_digits_that_were_pressed_twice_for_a_target_that_is_allowed(
    caller: str, history: History
) -> None:
    _, commands, pressed = run(caller, history)
    stores = [command for command in commands if isinstance(command, StorePassword)]
    assert len(stores) <= 1
    for store in stores:
        assert len(store.password) == 8
        assert store.password.isdigit()
        assert "".join(pressed).count(store.password) >= 2
        if store.unit is Unit.LINE:
            assert store.target == CONTRACT
        elif store.unit is Unit.ADMIN_USER and caller != CONTRACT:
            assert store.target == caller
        else:
            assert store.target in LINE.numbers
            assert f"{store.target}#" in "".join(pressed)


@given(callers, st.sampled_from(PASSWORDS), steps, steps)
@settings(max_examples=300)
def test_a_prepared_password_is_stored_or_thrown_away_before_another_one_and_before_the_end(
    caller: str, password: str, first: History, then: History
) -> None:
    typed: list[Event] = [KeyPressed(key) for key in "1" + password]
    _, commands, _ = run(caller, [*first, (0.1, typed), *then, (1e6, [HungUp()])])
    prepared: PreparePassword | None = None
    for command in commands:
        match command:
            case PreparePassword():
                assert prepared is None
                prepared = command
            case StorePassword(_, target, stored):
                assert prepared == PreparePassword(target, stored)
                prepared = None
            case DiscardPassword():
                assert prepared is not None
                prepared = None
    assert prepared is None


@given(callers, steps)
@settings(max_examples=300)
def test_every_call_ends_if_the_caller_only_waits(caller: str, history: History) -> None:
    dialogue, commands, _ = run(caller, history)
    now = 1e6
    for _ in range(60):
        if dialogue.state is State.ENDED:
            break
        event = Stored() if dialogue.state is State.STORING else GuidanceEnded()
        commands += dialogue.handle(event, now)
        if dialogue.deadline is not None:
            now = max(now, dialogue.deadline)
            commands += dialogue.handle(TimePassed(), now)
    assert dialogue.state is State.ENDED
    assert [isinstance(command, HangUp) for command in commands].count(True) == 1
    assert isinstance(commands[-1], HangUp)


@given(callers, st.sampled_from(PASSWORDS), steps)
@settings(max_examples=300)
def test_no_digit_of_a_password_is_in_anything_that_is_said_or_shown(
    caller: str, password: str, history: History
) -> None:
    typed: list[Event] = [KeyPressed(key) for key in "1" + password + password]
    dialogue, commands, _ = run(caller, [(0.1, typed), *history])
    for command in commands:
        shown = repr(command)
        if isinstance(command, Judged) and command.step in ("password", "confirm"):
            assert set(command.shown) <= {"*"}
        assert password not in shown
        if isinstance(command, Say):
            assert all(str(part) not in PASSWORDS for part in command.phrase.parts)
    assert password not in repr(dialogue.__dict__)


@given(callers, steps)
@settings(max_examples=300)
def test_a_caller_who_hangs_up_before_the_confirmation_matched_changes_nothing(caller: str, history: History) -> None:
    dialogue, commands, _ = run(caller, history)
    if dialogue.state is not State.STORING and not any(isinstance(c, StorePassword) for c in commands):
        after = dialogue.handle(HungUp(), 1e6) + dialogue.handle(KeyPressed("1"), 1e6)
        assert not any(isinstance(command, StorePassword) for command in after)
        assert dialogue.state is State.ENDED
