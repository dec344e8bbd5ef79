"""Makes what a telephone line does to a caller's audio on its way to us.

`LineQuality` describes it as a value (a scenario file has one). `TelephoneLine` does it to a stream, 20 ms at a time,
the same each time for the same seed. The order is that of a real path: the set's level, the room around it, a bad
contact, hum, dial tone and noise of the loop, its echo, an overloaded converter, pauses that are not sent, a coder on
the way, the law of G.711, packets that never arrive.

Levels in dBm0 are those of one sine; 0 dBm0 is 3.14 dB below full scale (ITU-T G.711).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dsp.line.added import factor_below, hum, tone, white_noise
from dsp.line.converters import Law, clipped, companded
from dsp.line.gaps import recurring, silenced
from dsp.line.losses import Losses
from dsp.line.reflections import (
    echoed,
    reverberant,
    room_response,
    silence_before_echo,
    silence_before_response,
)
from dsp.line.samples import Samples, places
from dsp.line.speech_coders import NARROW
from dsp.tones import amplitude_of
from sound.samples import to_float32, to_int16
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

REFERENCE_DBM0: Final = -10.0
"""The level of each tone of a key against which `Noise.snr_db` is measured: a telephone's usual one."""


class Described(BaseModel):
    """A value that a person writes down. An unknown field is an error that names the known ones."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _fields_are_known(cls, value: Any) -> Any:
        strange = sorted(set(value) - set(cls.model_fields)) if isinstance(value, dict) else []
        if strange:
            raise ValueError(f"there is no {', '.join(map(repr, strange))} here, only {', '.join(cls.model_fields)}")
        return value


class Hum(Described):
    """The hum of the mains, with harmonics that fall as 1/n."""

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
    """One echo of the whole audio."""

    delay_ms: Annotated[float, Field(ge=1, le=500)]
    level_db: Annotated[float, Field(ge=-60, le=-3)]


class Room(Described):
    """A room around a telephone that listens to its own key sounds, or to those of another set.

    Attributes:
        reverberation_s: the seconds in which a sound decays by 60 dB.
        direct_db: the energy of the sound itself over that of its reverberation.
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
    """A telephone that sends no packet once it has been silent, below this level, for `hangover_ms`."""

    below_dbm0: Annotated[float, Field(ge=-60, le=-20)] = -45.0
    hangover_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0


class Loss(Described):
    """Packets of 20 ms that never arrive: a share of all, by chance, and those at given places (0 is the first).

    Attributes:
        percent: the share.
        burst: how many are lost together on average (E. N. Gilbert's model, 1960); 1: each by a chance of its own.
        packets: the places of packets that are lost in any case.
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
    """How good, or bad, a line is; the default is a clean line of G.711.

    Attributes:
        gain_db: the gain on everything that the telephone sends.
        coder: the coder of a network on the way, by its name in `dsp.line.speech_coders`.
        clip_dbfs: the level that an overload cuts the audio at, full scale being 0.
        seed: the seed of all chances.
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


class TelephoneLine:
    """One caller's line; the frames of one call go through it in order.

    Args:
        quality: what the line does to them.

    Raises:
        LibraryMissingError: the line's coder is not on this machine.
    """

    def __init__(self, quality: LineQuality) -> None:
        self._quality = quality
        self._noise = np.random.default_rng((quality.seed, 0))
        self._losses = Losses(quality.loss.percent / 100, quality.loss.burst, np.random.default_rng((quality.seed, 1)))
        self._packet = 0
        self._silent_ms = 0.0
        self._before_echo = silence_before_echo(0.0 if quality.echo is None else quality.echo.delay_ms)
        self._room = None if quality.room is None else _response(quality.room, quality.seed)
        self._sounding = np.zeros(0) if self._room is None else silence_before_response(self._room)
        self._coder = None if quality.coder is None else NARROW[quality.coder]()

    def carry(self, frame: NDArray[np.int16]) -> NDArray[np.int16] | Absent:
        """Carry the next 20 ms.

        Args:
            frame: what the telephone sends, int16 at 8 kHz, shape (160,).

        Returns:
            The frame that arrives, in the same form, or why none does.
        """
        quality, at = self._quality, places(FRAME_SAMPLES, self._packet * FRAME_SAMPLES)
        samples = to_float32(frame).astype(np.float64) * 10 ** (quality.gain_db / 20)
        if self._room is not None:
            samples, self._sounding = reverberant(samples, self._sounding, self._room)
        if quality.gaps is not None:
            gaps = quality.gaps
            samples = silenced(samples, recurring(at, every_ms=gaps.every_ms, length_ms=gaps.length_ms))
        if quality.hum is not None:
            samples = samples + amplitude_of(quality.hum.level_dbm0) * hum(at, quality.hum.mains_hz)
        if quality.dial_tone is not None:
            samples = samples + amplitude_of(quality.dial_tone.level_dbm0) * tone(at, quality.dial_tone.hertz)
        if quality.noise is not None:
            noise = white_noise(FRAME_SAMPLES, self._noise)
            samples = samples + factor_below(amplitude_of(REFERENCE_DBM0) ** 2, quality.noise.snr_db) * noise
        if quality.echo is not None:
            samples, self._before_echo = echoed(samples, self._before_echo, quality.echo.level_db)
        linear = to_int16(clipped(samples, 10 ** (quality.clip_dbfs / 20)))
        lost = self._losses.next() or self._packet in quality.loss.packets
        self._packet += 1
        if quality.suppression is not None and self._is_silent(linear, quality.suppression):
            return Absent.NOT_SENT
        if self._coder is not None:
            linear = self._coder.through(linear)
        return Absent.LOST if lost else companded(linear, quality.law)

    def _is_silent(self, samples: NDArray[np.int16], suppression: Suppression) -> bool:
        power = float(np.mean(np.square(to_float32(samples), dtype=np.float64)))
        if power > amplitude_of(suppression.below_dbm0) ** 2 / 2:
            self._silent_ms = 0.0
            return False
        self._silent_ms += FRAME_SAMPLES * 1000 / SAMPLE_RATE_HZ
        return self._silent_ms > suppression.hangover_ms


def _response(room: Room, seed: int) -> Samples:
    return room_response(room.reverberation_s, room.direct_db, np.random.default_rng((seed, 2)))
