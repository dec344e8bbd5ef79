"""A call looks at its clock only when time alone changes something, and misses nothing by that."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from credentials.model import Line
from dsp import BurstRefused, FailedTest, Key, KeyEnded, KeyStarted, NearMiss
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Admitted, NotStored, StoreAnswer, Stored
from ivr.call.keys import Span
from ivr.call.session import CallSession
from ivr.call.transcript import TranscriptEntry
from prompts import Catalogue
from tests.ivr.call.answering_store import AnsweringStore

NUMBER = "0312345678"
PASSWORD = "24681357"
TICK_S = 0.02
LEVELS = (-12.0, -10.0, 30.0, 0.0, 0.0)

pauses = st.sampled_from([0.02, 0.1, 0.5, 1.6, 4.0, 30.0, 200.0])
keys = st.sampled_from("0123456789*#")
pressed = st.tuples(pauses, st.sampled_from(["tone", "event", "near miss"]), keys)
typed = [(0.1, "tone", key) for key in f"1{PASSWORD}{PASSWORD}"]


class WatchfulSession(CallSession):
    """Looks at its clock at every tick."""

    def _look_ahead(self) -> None:
        self._next_at = -math.inf


class PressedCall:
    """A call whose keys the test presses."""

    def __init__(self, kind: type[CallSession], catalogue: Catalogue, answer: StoreAnswer | None) -> None:
        self.now = 0.0
        self.said = 0
        self.entries: list[tuple[float, float | None, TranscriptEntry]] = []
        self.session = kind(
            "a-call",
            Caller(NUMBER),
            catalogue,
            limits=Limits(),
            observer=lambda at, entry: self.entries.append((self.now, at, entry)),
            store=AnsweringStore(lambda _: answer, lambda: self.now),
            now=0.0,
        )
        self.session.handle(Admitted(Line(contract_number=NUMBER, numbers=frozenset({NUMBER}))), 0.0)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            self.said += any(self.session.tick(self.now))

    def press(self, how: str, key: str) -> None:
        began = self.now
        match how:
            case "event":
                self.session.key_frame(key, Span(began, began), began)
            case "tone":
                self.session.hear(KeyStarted(0, key, began), began)
                self.wait(0.1)
                self.session.hear(KeyEnded(0, Key(key, began, self.now, *LEVELS)), self.now)
            case _:
                missed = NearMiss(key, began, began + 0.03, *LEVELS, FailedTest.STEADINESS)
                self.session.hear(BurstRefused(0, missed), began)


@settings(max_examples=40)
@given(st.lists(pressed, max_size=25), st.sampled_from([Stored(), NotStored(), None]))
@example([(5.0, "near miss", "5")], None)
@example(typed, Stored())
@example(typed, None)
@example([*typed, (9.0, "event", "5")], NotStored())
def test_a_call_that_looks_ahead_goes_as_one_that_looks_at_every_tick(
    catalogue: Catalogue, presses: list[tuple[float, str, str]], answer: StoreAnswer | None
) -> None:
    calls = [PressedCall(kind, catalogue, answer) for kind in (CallSession, WatchfulSession)]
    for call in calls:
        for pause_s, how, key in presses:
            call.wait(pause_s)
            call.press(how, key)
        call.wait(200.0)
    ahead, watchful = calls
    assert ahead.entries == watchful.entries
    assert ahead.said == watchful.said
    assert ahead.session.over
    assert ahead.session.ending == watchful.session.ending


def test_a_call_that_ends_for_a_fault_is_over(catalogue: Catalogue) -> None:
    call = PressedCall(CallSession, catalogue, None)
    assert not call.session.over
    call.session.fault(1.0)
    assert call.session.over
