"""Makes recordings of the conditions: the same seed gives the same samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dsp.conformance import lines, signals
from dsp.conformance.coders import coded
from dsp.conformance.conditions import Condition, Cut, Range
from dsp.conformance.nokeys import make_no_key
from dsp.conformance.signals import Rng, Samples, Tone
from dsp.line import gaps
from dsp.line.added import factor_below, white_noise
from dsp.line.converters import Law, companded
from dsp.line.samples import places
from dsp.tones import KEYS
from sound.samples import to_float32, to_int16
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

LEAD_MS: Final = 200.0
SILENT_MS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of one condition.

    Attributes:
        condition: the condition.
        samples: mono, 8 kHz, shape (samples,).
        sent: the keys that were sent; "" for a signal without keys.
    """

    condition: Condition
    samples: NDArray[np.int16]
    sent: str

    @property
    def expected(self) -> str:
        """The keys that must be heard."""
        return self.sent if self.condition.heard else ""


def record(condition: Condition, *, seed: int, keys: int = 64) -> Recording:
    """Make a recording of a condition with this many keys."""
    rng = np.random.default_rng([seed, crc32(f"{condition.section}/{condition.name}".encode())])
    if condition.no_key is not None:
        return Recording(condition, to_int16(make_no_key(condition.no_key, rng)), "")
    order = np.concatenate([rng.permutation(16) for _ in range(-(-keys // 16))])[:keys]
    sent = "".join(KEYS[index] for index in order)
    # every fourth key is pressed twice: equal neighbours test the limit for gaps
    twice = 1 if condition.repeat_db is not None else 4
    sent = "".join(key * 2 if number % twice == twice - 1 else key for number, key in enumerate(sent))[:keys]
    tones, length_ms = _schedule(condition, sent, rng)
    samples = signals.render(tones, length_ms, rng)
    reference = np.mean([signals.pair_power(tone.level_dbm0, tone.twist_db) for tone in tones])
    if condition.interruption_ms:
        samples = _interrupt(samples, tones, condition.interruption_ms)
    samples = _move_gain(samples, tones, condition, rng)
    samples = _disturb(samples, condition, float(reference), rng)
    if condition.cut is not Cut.NONE:
        samples = _lose(samples, tones, condition.cut, rng)
    if condition.silent is not Cut.NONE:
        on_grid = condition.silent is Cut.ON_GRID
        samples = lines.silenced(samples, tones, SILENT_MS, on_grid=on_grid, rng=rng)
    linear = to_int16(samples)
    return Recording(condition, coded(linear, condition.coders) if condition.coders else linear, sent)


def _schedule(condition: Condition, sent: str, rng: Rng) -> tuple[list[Tone], float]:
    tones, now = [], LEAD_MS + rng.uniform(0, 20)
    level = draw(condition.level_dbm0, rng)
    for number, key in enumerate(sent):
        twist = draw(condition.twist_db, rng)
        mean = level
        if condition.weakest_dbm0 is not None:
            mean = max(level, condition.weakest_dbm0 + abs(twist) / 2)
            if condition.level_dbm0 == Condition.level_dbm0:
                mean = condition.weakest_dbm0 + abs(twist) / 2
        if condition.repeat_db is not None and number % 2:
            mean += draw(condition.repeat_db, rng)
        length = draw(condition.tone_ms, rng)
        low, high = draw(condition.low_offset, rng), draw(condition.high_offset, rng)
        fade = 0.0 if condition.fade_db is None else draw(condition.fade_db, rng) * float(rng.choice((-1, 1)))
        tones.append(Tone(key, now, length, mean, twist, low, high, fade))
        now += length + draw(condition.pause_ms, rng) + rng.uniform(0, 1)
    return tones, now + LEAD_MS


def _interrupt(samples: Samples, tones: list[Tone], length_ms: float) -> Samples:
    begins = [round((tone.begin_ms + (tone.length_ms - length_ms) / 2) * SAMPLE_RATE_HZ / 1000) for tone in tones]
    length = round(length_ms * SAMPLE_RATE_HZ / 1000)
    return gaps.silenced(samples, gaps.stretches(places(samples.size), begins, length))


def _move_gain(samples: Samples, tones: list[Tone], condition: Condition, rng: Rng) -> Samples:
    if condition.step_db is not None:
        samples = lines.stepped(samples, tones, draw(condition.step_db, rng), rng)
    if condition.pump_db is not None:
        samples = lines.pumped(samples, tones, draw(condition.pump_db, rng))
    if condition.clip_db is not None:
        samples = lines.clipped(samples, tones, draw(condition.clip_db, rng))
    return samples


def _disturb(samples: Samples, condition: Condition, power: float, rng: Rng) -> Samples:
    count = samples.size
    if condition.room_s is not None:
        samples = lines.room(samples, condition.room_s, draw(condition.room_db, rng), rng)
    if condition.hybrid_ms is not None:
        samples = lines.hybrid(samples, draw(condition.hybrid_ms, rng), draw(condition.hybrid_db, rng), rng)
    if condition.echo_ms is not None:
        samples = signals.echoed(samples, draw(condition.echo_ms, rng), draw(condition.echo_db, rng))
    if condition.dial_hz:
        dial = signals.steady(count, condition.dial_hz, rng)
        samples = samples + signals.scaled(dial, power * _ratio(draw(condition.dial_db, rng)))
    if condition.hum_hz is not None:
        hum = signals.hum(count, condition.hum_hz, rng)
        samples = samples + signals.scaled(hum, power * _ratio(draw(condition.hum_db, rng)))
    if condition.speech_db is not None:
        speech = signals.speech_like(count, rng)
        samples = samples + speech * np.sqrt(power * _ratio(draw(condition.speech_db, rng)))
    if condition.snr_db is not None:
        samples = samples + white_noise(count, rng) * factor_below(power, draw(condition.snr_db, rng))
    samples = samples + draw(condition.dc, rng)
    return _companded(samples, condition.law)


def _companded(samples: Samples, law: Law) -> Samples:
    if law is Law.LINEAR:
        return samples
    return to_float32(companded(to_int16(samples), law)).astype(np.float64)


def _lose(samples: Samples, tones: list[Tone], cut: Cut, rng: Rng) -> Samples:
    """Remove one frame from every tone, wholly inside it, on the stream's grid or anywhere."""
    begins: list[int] = []
    for tone in tones:
        first = round(tone.begin_ms * SAMPLE_RATE_HZ / 1000)
        last = round((tone.begin_ms + tone.length_ms) * SAMPLE_RATE_HZ / 1000) - FRAME_SAMPLES
        at = int(rng.integers(first, last + 1))
        if cut is Cut.ON_GRID:
            inside = np.arange(-(-first // FRAME_SAMPLES) * FRAME_SAMPLES, last + 1, FRAME_SAMPLES)
            at = int(rng.choice(inside))
        begins.append(at)
    return gaps.closed_up(samples, gaps.stretches(places(samples.size), begins, FRAME_SAMPLES))


def draw(value: Range, rng: Rng) -> float:
    """Return the value, or one drawn uniformly from its range."""
    if isinstance(value, tuple):
        return float(rng.uniform(*value))
    return float(value)


def _ratio(level_db: float) -> float:
    return float(10 ** (level_db / 10))
