"""The caller of a scenario: listens, waits, presses, hangs up. The same in the simulator and in a live call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import synthesize
from ivr.lab.ear import Ear, Utterance
from ivr.lab.line_quality import Absent, TelephoneLine
from ivr.lab.scenarios.model import Copy, Keying, Source, Step
from ivr.lab.sender import SILENCE, KeyEvent, Sent
from ivr.media.clock import TICK_S
from sound.samples import to_float32, to_int16
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

_QUIET_S: Final = 0.2
"""Guidance that a key stopped leaves at least this much silence before the next guidance: its lead-in."""


@dataclass(slots=True)
class _Press:
    """Keys being sent: the tones still to send, and the events still to start, by frame from the start of the press."""

    tones: NDArray[np.int16] = field(repr=False)
    events: dict[int, KeyEvent]
    audio_stops: bool
    frame: int = 0
    event_ends: int = 0


class ScriptedCaller:
    """Carries out the steps of a scenario.

    Args:
        steps: what to do, in order; afterwards the caller only listens.
        keying: how keys are pressed if a step does not say.
        line: what happens to the audio on its way; by default nothing.
        pressed: called with keys when they start.
        patience_s: how long the caller hears nothing before going on with the next step; by default for ever.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        keying: Keying | None = None,
        line: TelephoneLine | None = None,
        pressed: Callable[[str], None] = lambda _: None,
        patience_s: float | None = None,
    ) -> None:
        self._steps = deque(steps)
        self._keying = keying or Keying()
        self._line = line
        self._pressed = pressed
        self._patience_s = patience_s
        self._press: _Press | None = None
        self._frames = 0
        self._due: int | None = None
        self._heard = 0
        self._quiet = True
        self._began_s = 0.0
        self._ended_s = 0.0
        self._waited = 0

    def frame(self, ear: Ear, utterance: Utterance | None) -> Sent:
        """Give the next 20 ms, in answer to what the ear hears."""
        self._listen(ear, utterance)
        if self._press is None and self._steps and self._is_due():
            step = self._steps.popleft()
            if step.keys is None:
                return Sent(hangs_up=True)
            self._begin(step.keys, step.keying or self._keying, ear)
        self._frames += 1
        audio, event = self._send(ear)
        if audio is None or self._line is None:
            return Sent(audio, event=event)
        arrives = self._line.carry(audio)
        if isinstance(arrives, Absent):
            return Sent(None, lost=arrives is Absent.LOST, event=event)
        return Sent(arrives, event=event)

    # --- when -----------------------------------------------------------------------------------------------

    def _listen(self, ear: Ear, utterance: Utterance | None) -> None:
        if not self._quiet and ear.silent_s >= _QUIET_S and ear.heard_s - self._began_s > _QUIET_S:
            self._quiet = True
        if self._press is not None or not self._steps:
            return
        step = self._steps[0]
        self._waited = 0 if ear.speaking or utterance is not None else self._waited + 1
        # Guidance that our first key stopped ends while we press: that is no answer to what we pressed.
        if utterance is not None and utterance.end_s > self._ended_s:
            self._heard += 1
        if self._due is not None:
            return
        if step.ahead:
            self._due = self._after(step.wait)
        elif step.barge_in is not None:
            if self._heard >= step.listen - 1 and self._quiet and ear.silent_s == 0.0 and ear.speaking:
                self._due = self._after(step.barge_in + step.wait)
        elif self._heard >= step.listen:
            self._due = self._after(step.wait)

    def _after(self, seconds: float) -> int:
        return self._frames + round(seconds / TICK_S)

    def _is_due(self) -> bool:
        if self._patience_s is not None and self._waited * TICK_S >= self._patience_s:
            return True
        return self._due is not None and self._frames >= self._due

    # --- what -----------------------------------------------------------------------------------------------

    def _begin(self, keys: str, keying: Keying, ear: Ear) -> None:
        self._pressed(keys)
        self._due, self._heard, self._waited, self._quiet = None, 0, 0, False
        self._began_s = ear.heard_s
        self._press = _press(keys, keying)

    def _send(self, ear: Ear) -> tuple[NDArray[np.int16] | None, KeyEvent | None]:
        press = self._press
        if press is None:
            return SILENCE, None
        event = press.events.get(press.frame)
        if event is not None:
            press.event_ends = press.frame + event.frames
        in_its_place = press.audio_stops and press.frame < press.event_ends
        frame, press.tones = press.tones[:FRAME_SAMPLES], press.tones[FRAME_SAMPLES:]
        press.frame += 1
        if not len(press.tones):
            self._press = None
            self._ended_s = ear.heard_s
        return None if in_its_place else np.concatenate([frame, SILENCE])[:FRAME_SAMPLES], event


def _press(keys: str, keying: Keying) -> _Press:
    """Make the signal of keys that are pressed one after the other."""
    tone_s, pause_s = keying.tone_ms / 1000, keying.pause_ms / 1000
    tones = to_int16(
        synthesize(
            keys,
            tone_s=tone_s,
            pause_s=pause_s,
            lead_s=0.0,
            level_dbm0=keying.level_dbm0,
            twist_db=keying.twist_db,
            offset_percent=keying.offset_percent,
        )
    )
    if keying.source is Source.IN_BAND:
        return _Press(tones, {}, audio_stops=False)
    head_s, tail_s = keying.passes_ms / 1000, keying.tail_ms / 1000
    lag_s = head_s + max(0.0, keying.event_lag_ms / 1000)
    frames = max(1, round((tone_s - head_s - keying.after_ms / 1000 - tail_s) / TICK_S))
    events = {
        round((number * (tone_s + pause_s) + lag_s) / TICK_S): KeyEvent(key, frames) for number, key in enumerate(keys)
    }
    if keying.source is Source.BOTH:
        held_up = np.zeros(max(0, round(-keying.event_lag_ms * SAMPLE_RATE_HZ / 1000)), np.int16)
        return _Press(np.concatenate([held_up, tones]), events, audio_stops=False)
    within_s = np.arange(len(tones)) / SAMPLE_RATE_HZ % (tone_s + pause_s)
    passes = (within_s < head_s) | (within_s >= tone_s - tail_s)
    return _Press(_copied(np.where(passes, tones, 0), tones, keying.copy_heard), events, audio_stops=True)


def _copied(audio: NDArray[np.int_], tones: NDArray[np.int16], copy: Copy | None) -> NDArray[np.int16]:
    """Add the copy that a telephone's microphone hears of its own keys."""
    if copy is None:
        return audio.astype(np.int16)
    late = round(copy.late_ms * SAMPLE_RATE_HZ / 1000)
    heard = np.zeros(len(audio) + late)
    heard[: len(audio)] = to_float32(audio)
    heard[late:] += to_float32(tones).astype(np.float64) * 10 ** (copy.level_db / 20)
    return to_int16(heard)
