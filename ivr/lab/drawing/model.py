"""What is drawn of a call, and what is not.

The sound of a password is the password: its digits can be read off a spectrogram, and counted off a waveform. So the
caller's audio is kept only for the time in which keys may be named, and not around a key that was not; for the rest
there is silence in `DrawnCall.audio`, whatever draws it. Keys and interruptions of that time have no place on the line,
as they have none in the transcript.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivr.call.dialogue import State
from ivr.call.key_notes import ALONE_S
from ivr.call.transcript import Ended, EntryJudged, TranscriptEntry, in_order, kind_of
from ivr.lab.simulator import Moment
from ivr.media.clock import TICK_S
from ivr.records.model import recorded
from ivr.records.timeline import Mark, Timeline, timeline_of
from sound.telephone import FRAME_SAMPLES

_LOOK_BACK_FRAMES: Final = 6
"""A key is known some 60 ms after its tones began: what came that long before a hidden time is hidden, too."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds since the call began."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class DrawnCall:
    """What is drawn.

    Attributes:
        seconds: how long the call was; at least one frame, so that whatever is drawn has a width.
        audio: what came from the caller, int16 at 8 kHz; silence where it is not shown.
        silenced: the times of which the caller's audio is not shown.
        timeline: what was said, keys and near misses.
        entries: the whole transcript, each entry with its time where it may be told.
    """

    seconds: float
    audio: NDArray[np.int16]
    silenced: tuple[Span, ...]
    timeline: Timeline
    entries: tuple[tuple[float | None, TranscriptEntry], ...]


class DrawnCallRecorder:
    """Takes down a simulated call: hand `observe` and `watch` to `ivr.lab.simulator.run_call`."""

    def __init__(self) -> None:
        self._entries: list[tuple[float | None, TranscriptEntry]] = []
        self._audio: list[NDArray[np.int16]] = []
        self._hides: list[bool | None] = []

    def observe(self, at_s: float | None, entry: TranscriptEntry) -> None:
        """Take note of an entry."""
        self._entries.append((at_s, entry))
        match entry:
            case EntryJudged(judged) if judged.step == State.NUMBER.value:
                self._settle(hidden=not judged.named)
            case Ended():
                self._settle(hidden=True)

    def watch(self, moment: Moment) -> None:
        """Take note of 20 ms."""
        self._audio.append(moment.audio)
        self._hides.append(moment.hides_keys)

    def drawn_call(self, hidden_at: Iterable[float]) -> DrawnCall:
        """What may be drawn of it.

        Args:
            hidden_at: as in `ivr.lab.simulator.SimulatedCall`.
        """
        entries = in_order(self._entries, kind=kind_of)
        timeline = timeline_of([recorded(place, at_s, entry) for place, (at_s, entry) in enumerate(entries)])
        hidden = self._hidden(timeline.marks)
        for at_s in hidden_at:
            first, after = (max(0, round((at_s + by_s) / TICK_S)) for by_s in (-ALONE_S, ALONE_S))
            hidden[first:after] = True
        audio = np.concatenate([*self._audio, np.zeros(0, np.int16)])
        audio[np.repeat(hidden, FRAME_SAMPLES)] = 0
        return DrawnCall(
            seconds=max(len(self._audio), 1) * TICK_S,
            audio=audio,
            silenced=tuple(Span(first * TICK_S, after * TICK_S) for first, after in _runs(hidden)),
            timeline=timeline,
            entries=tuple(entries),
        )

    def _settle(self, *, hidden: bool) -> None:
        """Whether the keys of a target number may be shown is known when it has been judged."""
        self._hides = [hidden if hides is None else hides for hides in self._hides]

    def _hidden(self, marks: Iterable[Mark]) -> NDArray[np.bool_]:
        """Which frames are hidden."""
        hidden = np.zeros(len(self._hides), np.bool_)
        keys = [(int(mark.start_s / TICK_S), int(np.ceil(mark.end_s / TICK_S))) for mark in marks if mark.heard]
        for first, after in _runs(np.array([hides is not False for hides in self._hides], np.bool_)):
            # A key that is named may be seen to its end, also when it led to a step whose keys are hidden; then nothing
            # else was pressed just before.
            ends = [end for begin, end in keys if begin <= first < end]
            hidden[max(ends, default=max(first - _LOOK_BACK_FRAMES, 0)) : after] = True
        return hidden


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where the flags are set: the first place of each run, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]
