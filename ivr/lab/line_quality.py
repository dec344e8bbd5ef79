"""What a telephone line does to a caller's audio on its way to us.

`LineQuality` says it as a value (a scenario file has one), `TelephoneLine` does it to a stream, 20 ms at a time, the
same each time for the same seed. In the order of a real path: the set's level, the room around it, a bad contact, hum,
dial tone and noise of the loop, its echo, an overloaded converter, pauses that are not sent, a coder on the way, the
law of G.711, packets that never arrive.

Levels in dBm0 are those of one sine; 0 dBm0 is 3.14 dB below full scale (ITU-T G.711).
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from scipy.signal import fftconvolve

from dsp import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from dsp.conformance.lines import room_tail
from dsp.line.speech_coders import NARROW
from dsp.tones import amplitude_of
from ivr.telephony.audiosocket.codec import FRAME_SAMPLES
from sound.telephone import FULL_SCALE, SAMPLE_RATE_HZ

REFERENCE_DBM0: Final = -10.0
"""The level of each tone of a key that `Noise.snr_db` is measured against: a telephone's usual one."""
_HUM_HARMONICS: Final = 5

Samples = NDArray[np.float64]


class Described(BaseModel):
    """A value that a person writes down; a field that there is not is an error that names the ones there are."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _fields_are_known(cls, value: Any) -> Any:
        strange = sorted(set(value) - set(cls.model_fields)) if isinstance(value, dict) else []
        if strange:
            raise ValueError(f"there is no {', '.join(map(repr, strange))} here, only {', '.join(cls.model_fields)}")
        return value


class Law(StrEnum):
    """How G.711 codes the audio."""

    ULAW = "ulaw"
    ALAW = "alaw"
    LINEAR = "linear"
    """Not at all: as a recording of 16 bits has it."""


class Hum(Described):
    """The mains, with its harmonics falling as 1/n."""

    mains_hz: Annotated[float, Field(ge=45, le=65)] = 50.0
    level_dbm0: Annotated[float, Field(ge=-60, le=0)]


class DialTone(Described):
    """A steady tone beside the keys; 400 Hz is Japan's dial tone."""

    hertz: Annotated[float, Field(ge=100, le=500)] = 400.0
    level_dbm0: Annotated[float, Field(ge=-60, le=0)]


class Noise(Described):
    """White noise, this far below the power of a key whose tones have `REFERENCE_DBM0`."""

    snr_db: Annotated[float, Field(ge=0, le=60)]


class Echo(Described):
    """One echo of everything."""

    delay_ms: Annotated[float, Field(ge=1, le=500)]
    level_db: Annotated[float, Field(ge=-60, le=-3)]


class Room(Described):
    """A room around a telephone that listens to its own key sounds, or to those of another set.

    Attributes:
        reverberation_s: in which a sound decays by 60 dB.
        direct_db: energy of the sound itself over that of the rest.
    """

    reverberation_s: Annotated[float, Field(ge=0.1, le=2)]
    direct_db: Annotated[float, Field(ge=0, le=40)]


def _there_is_one(name: str) -> str:
    if name not in NARROW:
        raise ValueError(f"there is no coder {name!r} here, only {', '.join(NARROW)}")
    return name


class Gaps(Described):
    """A bad contact: silence of `length_ms` every `every_ms`, within tones as well."""

    length_ms: Annotated[float, Field(ge=1, le=40)] = 10.0
    every_ms: Annotated[float, Field(ge=20, le=1000)]

    @model_validator(mode="after")
    def _is_no_silence(self) -> Gaps:
        if self.length_ms >= self.every_ms:
            raise ValueError(f"gaps of {self.length_ms:g} ms every {self.every_ms:g} ms leave nothing between them")
        return self


class Suppression(Described):
    """A telephone that sends no packet while it is silent: below this level, and so for `hangover_ms` already."""

    below_dbm0: Annotated[float, Field(ge=-60, le=-20)] = -45.0
    hangover_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0


class Loss(Described):
    """Packets of 20 ms that never arrive: a share of all, by chance, and those at these places (0 is the first).

    Attributes:
        percent: the share.
        burst: how many are lost together in the mean (E. N. Gilbert's model, 1960); 1: each by a chance of its own.
        packets: those that are lost in any case.
    """

    percent: Annotated[float, Field(ge=0, le=20)] = 0.0
    burst: Annotated[float, Field(ge=1, le=20)] = 1.0
    packets: frozenset[Annotated[int, Field(ge=0)]] = frozenset()


class Absent(Enum):
    """Why there is no packet."""

    LOST = auto()
    """It was sent, and its number is taken."""
    NOT_SENT = auto()


class LineQuality(Described):
    """How good, or bad, a line is; as given by default it is a clean one of G.711.

    Attributes:
        gain_db: on all that the telephone sends.
        coder: of a network on the way, by its name in `dsp.line.speech_coders`.
        clip_dbfs: an overload cuts what exceeds this, full scale being 0.
        seed: of all chances.
    """

    gain_db: Annotated[float, Field(ge=-40, le=20)] = 0.0
    room: Room | None = None
    gaps: Gaps | None = None
    hum: Hum | None = None
    dial_tone: DialTone | None = None
    noise: Noise | None = None
    echo: Echo | None = None
    clip_dbfs: Annotated[float, Field(ge=-40, le=0)] = 0.0
    suppression: Suppression | None = None
    coder: Annotated[str, AfterValidator(_there_is_one)] | None = None
    law: Law = Law.ULAW
    loss: Loss = Loss()
    seed: Annotated[int, Field(ge=0)] = 1


class Losses:
    """Which packets are lost, by chance: within a burst all are, outside of one none (E. N. Gilbert's model, 1960).

    Args:
        share: of all packets.
        burst: how many are lost together in the mean; 1: each by a chance of its own.
        chance: makes it.
    """

    def __init__(self, share: float, burst: float, chance: np.random.Generator) -> None:
        ends = min(1 / burst, 1 - share)
        self._goes_on = 1 - ends
        self._begins = share * ends / (1 - share)
        self._chance = chance
        self._in_burst = False

    def next(self) -> bool:
        """Whether the next packet is lost."""
        self._in_burst = bool(self._chance.random() < (self._goes_on if self._in_burst else self._begins))
        return self._in_burst


class TelephoneLine:
    """One caller's line; the frames of one call go through it in order.

    Args:
        quality: what it does to them.

    Raises:
        LibraryMissingError: its coder is not on this machine.
    """

    def __init__(self, quality: LineQuality) -> None:
        self._quality = quality
        self._noise = np.random.default_rng((quality.seed, 0))
        self._losses = Losses(quality.loss.percent / 100, quality.loss.burst, np.random.default_rng((quality.seed, 1)))
        self._packet = 0
        self._silent_ms = 0.0
        delay = 0 if quality.echo is None else round(quality.echo.delay_ms * SAMPLE_RATE_HZ / 1000)
        self._past = np.zeros(delay)
        self._room = None if quality.room is None else Reverberation(quality.room, quality.seed)
        self._coder = None if quality.coder is None else NARROW[quality.coder]()

    def carry(self, frame: NDArray[np.int16]) -> NDArray[np.int16] | Absent:
        """Carry the next 20 ms.

        Args:
            frame: what the telephone sends, int16 at 8 kHz, shape (160,).

        Returns:
            What arrives, likewise, or why nothing does.
        """
        quality, at = self._quality, np.arange(FRAME_SAMPLES) + self._packet * FRAME_SAMPLES
        samples: Samples = frame.astype(np.float64) * (10 ** (quality.gain_db / 20) / FULL_SCALE)
        if self._room is not None:
            samples = self._room.next(samples)
        if quality.gaps is not None:
            samples = _interrupted(samples, at, quality.gaps)
        if quality.hum is not None:
            samples = samples + _hum(at, quality.hum)
        if quality.dial_tone is not None:
            tone = quality.dial_tone
            samples = samples + amplitude_of(tone.level_dbm0) * np.sin(_angle(at, tone.hertz))
        if quality.noise is not None:
            deviation = amplitude_of(REFERENCE_DBM0) / 10 ** (quality.noise.snr_db / 20)
            samples = samples + deviation * self._noise.standard_normal(FRAME_SAMPLES)
        if quality.echo is not None:
            samples = self._echoed(samples, quality.echo.level_db)
        ceiling = FULL_SCALE * 10 ** (quality.clip_dbfs / 20)
        linear = np.rint(samples * FULL_SCALE).clip(-ceiling, min(ceiling, 32767)).astype(np.int16)
        lost = self._losses.next() or self._packet in quality.loss.packets
        self._packet += 1
        if quality.suppression is not None and self._is_silent(linear, quality.suppression):
            return Absent.NOT_SENT
        if self._coder is not None:
            linear = self._coder.through(linear)
        return Absent.LOST if lost else _coded(linear, quality.law)

    def _echoed(self, samples: Samples, level_db: float) -> Samples:
        self._past = np.concatenate([self._past, samples])
        late, self._past = self._past[:FRAME_SAMPLES], self._past[FRAME_SAMPLES:]
        return samples + late * 10 ** (level_db / 20)

    def _is_silent(self, samples: NDArray[np.int16], suppression: Suppression) -> bool:
        power = float(np.mean(np.square(samples / FULL_SCALE)))
        if power > amplitude_of(suppression.below_dbm0) ** 2 / 2:
            self._silent_ms = 0.0
            return False
        self._silent_ms += FRAME_SAMPLES * 1000 / SAMPLE_RATE_HZ
        return self._silent_ms > suppression.hangover_ms


class Reverberation:
    """A room's sound, 20 ms at a time.

    Args:
        room: which.
        seed: makes its walls.
    """

    def __init__(self, room: Room, seed: int) -> None:
        chance = np.random.default_rng((seed, 2))
        self._response = room_tail(room.reverberation_s, room.direct_db, chance)
        self._to_come = np.zeros(self._response.size + FRAME_SAMPLES)

    def next(self, samples: Samples) -> Samples:
        """The next 20 ms, with what still sounds of those before."""
        self._to_come[:-1] += fftconvolve(samples, self._response)
        sounding, self._to_come = (
            self._to_come[:FRAME_SAMPLES],
            np.pad(self._to_come[FRAME_SAMPLES:], (0, FRAME_SAMPLES)),
        )
        heard: Samples = samples + sounding
        return heard


def _angle(at: NDArray[np.int_], hertz: float) -> Samples:
    angle: Samples = at.astype(np.float64) * (2 * np.pi * hertz / SAMPLE_RATE_HZ)
    return angle


def _hum(at: NDArray[np.int_], hum: Hum) -> Samples:
    amplitude = amplitude_of(hum.level_dbm0)
    harmonics: Samples = np.sum(
        [amplitude / n * np.sin(_angle(at, hum.mains_hz * n)) for n in range(1, _HUM_HARMONICS + 1)], axis=0
    )
    return harmonics


def _interrupted(samples: Samples, at: NDArray[np.int_], gaps: Gaps) -> Samples:
    phase_ms = (at * 1000 / SAMPLE_RATE_HZ) % gaps.every_ms
    return np.where(phase_ms < gaps.length_ms, 0.0, samples)


def _coded(samples: NDArray[np.int16], law: Law) -> NDArray[np.int16]:
    """Through G.711 and back."""
    match law:
        case Law.ULAW:
            return ulaw_decode(ulaw_encode(samples))
        case Law.ALAW:
            return alaw_decode(alaw_encode(samples))
        case Law.LINEAR:
            return samples
