"""The caller of a scenario: when they press, and what their telephone sends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import decode
from ivr.lab.ear import Ear, Utterance
from ivr.lab.line_quality import LineQuality, TelephoneLine
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import Keying, Step
from ivr.lab.sender import Sent
from ivr.media.clock import TICK_S
from sound.telephone import FRAME_SAMPLES

SPEECH = np.tile(np.array([3000, -3000], np.int16), FRAME_SAMPLES // 2)
QUIET = np.zeros(FRAME_SAMPLES, np.int16)


def guidance(*parts: tuple[float, bool]) -> list[NDArray[np.int16]]:
    """Frames of speech (true) and silence, each for as many seconds as given."""
    return [SPEECH if speaks else QUIET for seconds, speaks in parts for _ in range(round(seconds / TICK_S))]


def called(caller: ScriptedCaller, heard: list[NDArray[np.int16]]) -> list[Sent]:
    """The frames that the caller sends while hearing this."""
    ear = Ear()
    utterance: Utterance | None = None
    sent = []
    for frame in heard:
        sent.append(caller.frame(ear, utterance))
        if sent[-1].hangs_up:
            break
        utterance = ear.feed(frame)
    return sent


def steps(*steps: dict[str, Any]) -> list[Step]:
    return [Step.model_validate(step) for step in steps]


def pressed_at(sent: list[Sent]) -> list[float]:
    """When tones started, in seconds."""
    loud = [frame.audio is not None and bool(frame.audio.any()) for frame in sent]
    return [round(place * TICK_S, 2) for place, on in enumerate(loud) if on and not (place and loud[place - 1])]


def audio_of(sent: list[Sent]) -> NDArray[np.int16]:
    return np.concatenate([QUIET if frame.audio is None else frame.audio for frame in sent])


def test_who_listens_presses_when_the_guidance_has_ended() -> None:
    sent = called(ScriptedCaller(steps({"keys": "5"})), guidance((0.3, False), (2.0, True), (2.0, False)))
    (at_s,) = pressed_at(sent)
    assert 2.3 + 0.8 <= at_s <= 2.3 + 0.9
    assert decode(audio_of(sent)) == "5"


def test_a_wait_comes_on_top() -> None:
    heard = guidance((0.3, False), (2.0, True), (4.0, False))
    without, with_wait = (called(ScriptedCaller(steps({"keys": "5", "wait": wait})), heard) for wait in (0.0, 1.5))
    assert pressed_at(with_wait)[0] - pressed_at(without)[0] == pytest.approx(1.5)


def test_who_listens_twice_lets_the_first_guidance_pass() -> None:
    heard = guidance((1.0, True), (2.0, False), (1.0, True), (2.0, False))
    (at_s,) = pressed_at(called(ScriptedCaller(steps({"keys": "5", "listen": 2})), heard))
    assert at_s >= 4.8


def test_who_barges_in_presses_while_the_guidance_plays() -> None:
    heard = guidance((0.5, False), (3.0, True), (2.0, False))
    (at_s,) = pressed_at(called(ScriptedCaller(steps({"keys": "5", "barge_in": 1.0})), heard))
    assert at_s == pytest.approx(1.54, abs=0.04)


def test_a_second_barge_in_waits_for_the_next_guidance() -> None:
    """The first one is stopped by the key; the next begins with its lead-in of silence."""
    heard = guidance((0.5, False), (1.1, True), (0.34, False), (3.0, True), (2.0, False))
    caller = ScriptedCaller(steps({"keys": "1", "barge_in": 1.0}, {"keys": "2", "barge_in": 0.5}))
    first, second = pressed_at(called(caller, heard))
    assert first == pytest.approx(1.54, abs=0.04)
    assert second == pytest.approx(1.94 + 0.54, abs=0.06)


def test_the_guidance_that_a_key_has_stopped_is_not_the_answer_to_it() -> None:
    """While four keys are pressed the stopped guidance ends; only the next guidance is listened to."""
    heard = guidance((0.5, False), (1.1, True), (1.5, False), (2.0, True), (2.0, False))
    caller = ScriptedCaller(steps({"keys": "1234", "barge_in": 1.0}, {"keys": "5"}))
    assert pressed_at(called(caller, heard))[4] >= 5.1 + 0.8


def test_who_types_ahead_does_not_listen() -> None:
    caller = ScriptedCaller(steps({"keys": "12", "ahead": True, "wait": 0.5}, {"keys": "3", "ahead": True}))
    sent = called(caller, guidance((3.0, True)))
    assert pressed_at(sent) == [0.5, 0.7, 0.9]
    assert decode(audio_of(sent)) == "123"


def test_who_is_patient_for_so_long_presses_on() -> None:
    caller = ScriptedCaller(steps({"keys": "1"}), patience_s=2.0)
    (at_s,) = pressed_at(called(caller, guidance((4.0, False))))
    assert at_s == pytest.approx(2.0, abs=0.04)
    assert pressed_at(called(ScriptedCaller(steps({"keys": "1"})), guidance((4.0, False)))) == []


def test_hanging_up_is_the_last_thing_that_is_done() -> None:
    caller = ScriptedCaller(steps({"keys": "1", "ahead": True}, {"hang_up": True, "ahead": True, "wait": 1.0}))
    sent = called(caller, guidance((4.0, True)))
    assert sent[-1].hangs_up
    assert len(sent) * TICK_S == pytest.approx(0.2 + 1.0, abs=0.05)


def test_who_presses_is_told_of_it_when_the_tones_begin() -> None:
    told: list[str] = []
    called(ScriptedCaller(steps({"keys": "12", "ahead": True}), pressed=told.append), guidance((1.0, True)))
    assert told == ["12"]


class TestKeysAsEvents:
    def sent(self, source: str, **keying: float) -> list[Sent]:
        how = Keying.model_validate({"source": source, **keying})
        return called(ScriptedCaller(steps({"keys": "12", "ahead": True}), keying=how), guidance((0.6, True)))

    def test_events_take_the_place_of_the_audio(self) -> None:
        sent = self.sent("rfc4733")
        assert [(n, f.event.key, f.event.frames) for n, f in enumerate(sent) if f.event] == [(0, "1", 5), (10, "2", 5)]
        assert [n for n, frame in enumerate(sent) if frame.audio is None] == [*range(5), *range(10, 15)]
        assert not audio_of(sent).any()

    def test_a_telephone_that_sends_both_sends_the_whole_tone_beside_the_event(self) -> None:
        sent = self.sent("both")
        assert [n for n, frame in enumerate(sent) if frame.event] == [0, 10]
        assert decode(audio_of(sent)) == "12"

    def test_a_leak_is_40_ms_of_the_tone_and_then_the_event(self) -> None:
        sent = self.sent("leak", tone_ms=120, pause_ms=80)
        assert [(n, f.event.key, f.event.frames) for n, f in enumerate(sent) if f.event] == [(2, "1", 4), (12, "2", 4)]
        loud = [n for n, frame in enumerate(sent) if frame.audio is not None and frame.audio.any()]
        assert loud == [0, 1, 10, 11]

    def test_no_key_is_in_the_repr_of_what_is_sent(self) -> None:
        assert "'1'" not in repr(self.sent("rfc4733")[0])


def test_the_line_is_between_the_caller_and_what_arrives() -> None:
    line = TelephoneLine(LineQuality.model_validate({"loss": {"packets": [3]}, "gain_db": -20, "law": "linear"}))
    caller = ScriptedCaller(steps({"keys": "1", "ahead": True}), line=line)
    sent = called(caller, guidance((0.5, True)))
    assert [n for n, frame in enumerate(sent) if frame.audio is None] == [3]
    assert 500 < np.abs(audio_of(sent)).max() < 1600
