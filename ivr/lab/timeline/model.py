"""What is drawn of a call, and what is not.

The sound of a password is the password: its digits can be read off a spectrogram, and counted off a waveform. So the
caller's audio is kept only for the time in which keys may be named, and not around a key that was not; for the rest
there is silence in `Timeline.audio`, whatever draws it. Keys and interruptions of that time have no place on the line,
as they have none in the transcript.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivr.call.dialogue import State
from ivr.call.key_notes import ALONE_S
from ivr.call.transcript import (
    Ended,
    EntryJudged,
    Interrupted,
    KeyHeard,
    KeyMissed,
    Said,
    TranscriptEntry,
    in_order,
    kind_of,
)
from ivr.lab.simulator import Moment
from ivr.media.clock import TICK_S
from sound.telephone import FRAME_SAMPLES

_LOOK_BACK_FRAMES: Final = 6
"""A key is known some 60 ms after its tones began: what came that long before a hidden time is hidden, too."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds since the call began."""

    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A guidance.

    Attributes:
        number: 1 for the call's first.
        text: what was said.
        begin_s: when.
        end_s: until when; where it was stopped by a key whose time must not be told, until the next thing that is.
        stopped: whether a key stopped it.
        end_is_known: whether `end_s` is when it fell silent.
    """

    number: int
    text: str
    begin_s: float
    end_s: float
    stopped: bool
    end_is_known: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A key that was heard, or a near miss, at a time that may be told."""

    begin_s: float
    end_s: float
    entry: KeyHeard | KeyMissed


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn.

    Attributes:
        seconds: how long the call was; at least one frame, so that whatever is drawn has a width.
        audio: what came from the caller, int16 at 8 kHz; silence where it is hidden.
        hidden: the times of which the caller's audio is not shown.
        bars: what was said.
        marks: keys and near misses.
        entries: the whole transcript, each entry with its time where it may be told.
    """

    seconds: float
    audio: NDArray[np.int16]
    hidden: tuple[Span, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    entries: tuple[tuple[float | None, TranscriptEntry], ...]


class TimelineRecorder:
    """Takes down a simulated call: hand `observe` and `watch` to `ivr.lab.simulator.run_call`."""

    def __init__(self) -> None:
        self._entries: list[tuple[float | None, TranscriptEntry]] = []
        self._audio: list[NDArray[np.int16]] = []
        self._hides: list[bool | None] = []
        self._speaks: list[bool] = []

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
        self._speaks.append(moment.speaks)

    def timeline(self, hidden_at: Iterable[float]) -> Timeline:
        """What may be drawn of it.

        Args:
            hidden_at: as in `ivr.lab.simulator.SimulatedCall`.
        """
        marks = tuple(_marks(self._entries))
        hidden = self._hidden(marks)
        for at_s in hidden_at:
            first, after = (max(0, round((at_s + by_s) / TICK_S)) for by_s in (-ALONE_S, ALONE_S))
            hidden[first:after] = True
        audio = np.concatenate([*self._audio, np.zeros(0, np.int16)])
        audio[np.repeat(hidden, FRAME_SAMPLES)] = 0
        return Timeline(
            seconds=max(len(self._audio), 1) * TICK_S,
            audio=audio,
            hidden=tuple(Span(first * TICK_S, after * TICK_S) for first, after in _runs(hidden)),
            bars=tuple(self._bars()),
            marks=marks,
            entries=tuple(in_order(self._entries, kind=kind_of)),
        )

    def _settle(self, *, hidden: bool) -> None:
        """Whether the keys of a target number may be shown is known when it has been judged."""
        self._hides = [hidden if hides is None else hides for hides in self._hides]

    def _hidden(self, marks: Iterable[Mark]) -> NDArray[np.bool_]:
        """Which frames are hidden."""
        hidden = np.zeros(len(self._hides), np.bool_)
        keys = [
            (int(mark.begin_s / TICK_S), int(np.ceil(mark.end_s / TICK_S)))
            for mark in marks
            if isinstance(mark.entry, KeyHeard)
        ]
        for first, after in _runs(np.array([hides is not False for hides in self._hides], np.bool_)):
            # A key that is named may be seen to its end, also when it led to a step whose keys are hidden; then nothing
            # else was pressed just before.
            ends = [end for begin, end in keys if begin <= first < end]
            hidden[max(ends, default=max(first - _LOOK_BACK_FRAMES, 0)) : after] = True
        return hidden

    def _bars(self) -> Iterator[Bar]:
        said = [(place, at_s or 0.0, entry) for place, (at_s, entry) in enumerate(self._entries) if _is_said(entry)]
        borders = [*(at_s for _, at_s, _ in said[1:]), len(self._audio) * TICK_S]
        places = [*(place for place, _, _ in said[1:]), len(self._entries)]
        for number, ((place, begin_s, entry), border_s, until) in enumerate(zip(said, borders, places, strict=True), 1):
            stops = [at_s for at_s, other in self._entries[place:until] if isinstance(other, Interrupted)]
            if stops:
                known = stops[0] is not None
                end_s = border_s if stops[0] is None else stops[0]
            else:
                known, end_s = True, self._spoken_until(begin_s, border_s)
            text = entry.text if isinstance(entry, Said) else ""
            yield Bar(number, text, begin_s, max(end_s, begin_s + TICK_S), bool(stops), known)

    def _spoken_until(self, begin_s: float, border_s: float) -> float:
        first, last = round(begin_s / TICK_S), round(border_s / TICK_S)
        spoken = np.flatnonzero(self._speaks[first:last])
        return begin_s if not len(spoken) else (first + int(spoken[-1]) + 1) * TICK_S


def _is_said(entry: TranscriptEntry) -> bool:
    return isinstance(entry, Said)


def _marks(entries: Iterable[tuple[float | None, TranscriptEntry]]) -> Iterator[Mark]:
    for at_s, entry in entries:
        if not isinstance(entry, KeyHeard | KeyMissed) or at_s is None:
            continue
        figures = entry.figures
        if figures is None or figures.begin_s is None:
            yield Mark(at_s, at_s, entry)
        else:
            yield Mark(figures.begin_s, figures.begin_s + (figures.duration_ms or 0.0) / 1000, entry)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where the flags are set: the first place of each run, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]
