"""An ear for guidance: finds out which clips were heard in a test call's audio.

Speech is cut into utterances by the silence between them. Within an utterance, clips of the catalogue are found by
normalised cross-correlation. A telephone path returns the clip itself but for G.711's noise, so the right clip
correlates near 1 and others far below.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from prompts import Catalogue
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

SPEECH_RMS: Final = 100.0
"""The RMS of a 20 ms frame of int16 samples (-46 dBm0): above line noise and the idle code of G.711, below speech."""
PAUSE_S: Final = 0.8
"""The pause that ends an utterance; the pauses within guidance are shorter."""
LEAST_MATCH: Final = 0.8
_PROBE_SAMPLES: Final = 4000
"""Half a second of a clip is enough to recognise it, and also finds clips that were cut short."""

_CLIPPED_S: Final = 0.4
"""How much of a clip may be missing although it was heard to its end: a faint last sound, lost packets."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A run of speech: when it started and ended (seconds of audio), and its samples (int16, 8 kHz)."""

    begin_s: float
    end_s: float
    samples: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class HeardClip:
    """A clip that was heard, or the start of one.

    Attributes:
        at_s: where it starts, in seconds of the audio.
        clip_id: its id.
        share: how much of its speech was heard, 1.0 for all of it.
    """

    at_s: float
    clip_id: str
    share: float


class Ear:
    """Cuts the audio that it hears into utterances, 20 ms at a time."""

    def __init__(self) -> None:
        self._position = 0
        self._speech: list[NDArray[np.int16]] = []
        self._began = 0
        self._silent = 0

    @property
    def heard_s(self) -> float:
        """How much audio was heard, in seconds."""
        return self._position / SAMPLE_RATE_HZ

    @property
    def speaking(self) -> bool:
        """Whether an utterance has started and not ended."""
        return bool(self._speech)

    @property
    def silent_s(self) -> float:
        """For how many seconds nothing has been heard; 0.0 while something is."""
        return self._silent / SAMPLE_RATE_HZ

    def feed(self, frame: NDArray[np.int16]) -> Utterance | None:
        """Take a frame of samples; returns the utterance that the frame ends, if any."""
        loud = float(np.sqrt(np.mean(np.square(frame, dtype=np.float64)))) > SPEECH_RMS
        if loud and not self._speech:
            self._began = self._position
        self._position += len(frame)
        if loud:
            self._silent = 0
        else:
            self._silent += len(frame)
        if loud or self._speech:
            self._speech.append(frame)
        return self.finish() if self._silent > PAUSE_S * SAMPLE_RATE_HZ else None

    def finish(self) -> Utterance | None:
        """End the current utterance, if any."""
        if not self._speech:
            return None
        samples = np.concatenate(self._speech)
        self._speech = []
        samples = samples[: len(samples) - self._silent]
        begin_s = self._began / SAMPLE_RATE_HZ
        return Utterance(begin_s, begin_s + len(samples) / SAMPLE_RATE_HZ, samples)


def recognise(samples: NDArray[np.int16], catalogue: Catalogue) -> list[tuple[float, str]]:
    """Find the catalogue's clips in a run of audio.

    Args:
        samples: int16 at 8 kHz, shape (samples,).
        catalogue: the clips to look for.

    Returns:
        The position in seconds and the id of each clip found, in order; digits are left out.
    """
    found = []
    edge = np.zeros(_PROBE_SAMPLES, np.int16)  # a clip starts with silence, and may be cut short at the end
    audio = np.concatenate([edge, samples, edge]).astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio))])
    for clip_id in catalogue.ids:
        if clip_id.startswith("digit."):
            continue
        probe = catalogue.clip(clip_id)[:_PROBE_SAMPLES].astype(np.float64)
        if len(probe) > len(audio):
            continue
        under = energy[len(probe) :] - energy[: -len(probe)]
        match = signal.correlate(audio, probe, mode="valid", method="fft")
        match /= np.sqrt(np.maximum(under, 1.0) * np.sum(np.square(probe)))
        peaks, _ = signal.find_peaks(np.concatenate([[0.0], match, [0.0]]), LEAST_MATCH, distance=len(probe))
        found += [((float(peak) - 1 - len(edge)) / SAMPLE_RATE_HZ, clip_id) for peak in peaks]
    return sorted(found)


def heard_clips(utterance: Utterance, catalogue: Catalogue) -> list[HeardClip]:
    """Find the catalogue's clips in an utterance, and how much was heard of each.

    `recognise` knows a clip by its start. A clip that was stopped, by a key say, ends early.

    Args:
        utterance: the utterance.
        catalogue: the clips to look for.
    """
    found = recognise(utterance.samples, catalogue)
    ends = [(len(utterance.samples) / SAMPLE_RATE_HZ, "")]
    return [
        HeardClip(at_s, clip_id, _share(end_s - at_s, _speech_s(catalogue.clip(clip_id))))
        for (at_s, clip_id), (end_s, _) in pairwise(found + ends)
    ]


def _share(heard_s: float, speech_s: float) -> float:
    return 1.0 if heard_s > speech_s - _CLIPPED_S else max(0.0, heard_s / speech_s)


def _speech_s(clip: NDArray[np.int16]) -> float:
    """The time from a clip's start to where `Ear` ends the utterance: the clip's end, or a long enough pause in it."""
    frames = clip[: len(clip) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(np.square(frames), axis=1)) > SPEECH_RMS)
    if len(loud) == 0:
        return 0.0
    pauses = np.flatnonzero((np.diff(loud) - 1) * FRAME_SAMPLES > PAUSE_S * SAMPLE_RATE_HZ)
    last = loud[pauses[0]] if len(pauses) else loud[-1]
    return (int(last) + 1) * FRAME_SAMPLES / SAMPLE_RATE_HZ
