"""The test conditions as data: what is sent, what the line does to it, and what must be heard.

The limits of NTT and AT&T come from ITU-T Q.24 annex A; the rest are disturbances that calls to an access number meet.
From a pair (low, high) a value is drawn uniformly: for each tone if it is a property of tones, else for each recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dsp.line.converters import Law

Range = float | tuple[float, float]


class Section(StrEnum):
    """The table that a condition belongs to."""

    CORE = "core"
    NTT = "NTT"
    ATT = "AT&T"
    LOSS = "lost packets"
    REFUSE = "must refuse"
    ECHO = "echo"
    ROOM = "rooms and tails"
    REPEAT = "repeated keys"
    GAIN = "gain"
    SILENT = "silent packets"
    CODER = "coders"


class Must(StrEnum):
    """The goal that a receiver must reach."""

    ALL = "all"
    """It hears every key once, and nothing else."""
    NO_WORSE = "no worse"
    """It gets no more keys wrong than the best receiver beside it, because some keys do not survive the disturbance."""


class Cut(StrEnum):
    """Where the lost 20 ms frame lies in each tone."""

    NONE = "none"
    ON_GRID = "on the 20 ms grid"
    ANYWHERE = "anywhere"


class NoKey(StrEnum):
    """Signals without a key."""

    SINGLE_TONES = "single tones"
    CALL_PROGRESS = "call-progress tones"
    R2 = "R2 pairs"
    SIT = "special information tones"
    SWEEP = "sweeps"
    HARMONICS = "harmonic-rich pairs"
    NOISE = "noise"
    MUSIC = "music"
    SPEECH_LIKE = "speech-like"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition: what is sent, what happens to it, and what must be heard.

    Attributes:
        name, section: where it stands in the tables.
        heard: whether every key must be heard once; otherwise no key may be heard.
        tone_ms, pause_ms, level_dbm0, twist_db: of each key; the level is the mean of its two tones.
        weakest_dbm0: the level of the weaker tone, instead of `level_dbm0`.
        low_offset, high_offset: frequency offsets of the tones, percent.
        snr_db: white noise this far below the pairs.
        law: the law of G.711 that the recording goes through.
        dial_hz, dial_db: continuous tones, and their level relative to the pairs.
        hum_hz, hum_db: mains hum, and its level relative to the pairs.
        dc: an offset, full scale 1.0.
        echo_ms, echo_db: delay and level of one echo.
        speech_db: level of speech-like sound relative to the pairs.
        interruption_ms: a gap in the middle of every tone.
        cut: a lost 20 ms frame in every tone.
        room_s, room_db: a room's reverberation time, and energy of the direct sound over the room's.
        hybrid_ms, hybrid_db: delay and level of an echo that is spread over some ms.
        clip_db: overload: what exceeds this far below the pairs' peak is cut off.
        pump_db: by how much an automatic gain lets tones start too loud.
        step_db: a step of the level within every tone.
        fade_db: how far one of the two tones has fallen by the end of every key.
        silent: where 20 ms of zeros stand in every tone.
        repeat_db: every key is pressed twice, the second time at a level that differs by this.
        coders: the coders that the recording goes through, one after the other (`coders.CODERS`).
        no_key: a signal without keys, instead of all of the above.
        must: what a receiver must achieve.
        cell: row and column, if the section is a table of its own.
    """

    name: str
    section: Section
    heard: bool = True
    tone_ms: Range = 60.0
    pause_ms: Range = 60.0
    level_dbm0: Range = -10.0
    weakest_dbm0: float | None = None
    twist_db: Range = 0.0
    low_offset: Range = 0.0
    high_offset: Range = 0.0
    snr_db: Range | None = None
    law: Law = Law.LINEAR
    dial_hz: tuple[float, ...] = ()
    dial_db: Range = -10.0
    hum_hz: float | None = None
    hum_db: Range = 0.0
    dc: Range = 0.0
    echo_ms: Range | None = None
    echo_db: Range = -10.0
    speech_db: Range | None = None
    interruption_ms: float = 0.0
    cut: Cut = Cut.NONE
    room_s: float | None = None
    room_db: Range = 8.0
    hybrid_ms: Range | None = None
    hybrid_db: Range = -12.0
    clip_db: Range | None = None
    pump_db: Range | None = None
    step_db: Range | None = None
    fade_db: Range | None = None
    silent: Cut = Cut.NONE
    repeat_db: Range | None = None
    coders: tuple[str, ...] = ()
    no_key: NoKey | None = None
    must: Must = Must.ALL
    cell: tuple[str, str] | None = None


def _offsets(limit: float) -> Iterator[tuple[str, float, float]]:
    for low in (-limit, 0.0, limit):
        for high in (-limit, 0.0, limit):
            if low or high:
                yield f"offset {low:+.1f} % {high:+.1f} %", low, high


def _core() -> Iterator[Condition]:
    core = Section.CORE
    yield Condition(name="clean 100/100", section=core, tone_ms=100, pause_ms=100)
    yield Condition(name="clean 40/30", section=core, tone_ms=40, pause_ms=30)
    yield Condition(name="lengths at random", section=core, tone_ms=(40, 200), pause_ms=(30, 200))
    for snr in (15.0, 20.0):
        yield Condition(name=f"noise {snr:.0f} dB", section=core, snr_db=snr)
        yield Condition(name=f"noise {snr:.0f} dB, 40/40", section=core, snr_db=snr, tone_ms=40, pause_ms=40)
    for law in (Law.ULAW, Law.ALAW):
        for level in (-3.0, -15.0, -25.0):
            yield Condition(name=f"{law} {level:.0f} dBm0", section=core, law=law, level_dbm0=level)
        yield Condition(name=f"{law} -25 dBm0 twisted", section=core, law=law, weakest_dbm0=-25, twist_db=(-8, 5))
    for name, hertz in (("400", (400.0,)), ("425", (425.0,)), ("350+440", (350.0, 440.0))):
        yield Condition(name=f"dial tone {name} Hz", section=core, dial_hz=hertz)
        yield Condition(name=f"dial tone {name} Hz, 40/40", section=core, dial_hz=hertz, tone_ms=40, pause_ms=40)
        yield Condition(name=f"dial tone {name} Hz, noise", section=core, dial_hz=hertz, snr_db=15, twist_db=(-5, 5))
    for mains in (50.0, 60.0):
        yield Condition(name=f"hum {mains:.0f} Hz", section=core, hum_hz=mains)
        yield Condition(name=f"hum {mains:.0f} Hz, 40/40", section=core, hum_hz=mains, tone_ms=40, pause_ms=40)
    yield Condition(name="DC", section=core, dc=(0.05, 0.2))
    for delay in (10.0, 12.5, 15.0, 17.5, 20.0):
        yield Condition(name=f"echo {delay} ms", section=core, echo_ms=delay, tone_ms=50, pause_ms=50)
        yield Condition(name=f"echo {delay} ms, 40/40", section=core, echo_ms=delay, tone_ms=40, pause_ms=40)
    yield Condition(name="speech 20 dB under", section=core, speech_db=-20)
    yield Condition(name="speech 20 dB under, 40/40", section=core, speech_db=-20, tone_ms=40, pause_ms=40)
    for tone, pause in ((100.0, 100.0), (60.0, 60.0), (45.0, 40.0)):
        for law in (Law.ULAW, Law.ALAW):
            yield Condition(
                name=f"field mix {tone:.0f}/{pause:.0f} {law}",
                section=core,
                tone_ms=(tone, 1.5 * tone),
                pause_ms=(pause, 2 * pause),
                weakest_dbm0=-22,
                level_dbm0=(-22, -5),
                twist_db=(-5, 5),
                low_offset=(-1.5, 1.5),
                high_offset=(-1.5, 1.5),
                snr_db=(16, 30),
                law=law,
                dial_hz=(400.0,),
                dial_db=(-25, -14),
                hum_hz=50.0,
                hum_db=(-30, -10),
                dc=(-0.02, 0.02),
                echo_ms=(10, 20),
                echo_db=(-30, -12),
                speech_db=(-35, -22),
            )


def _limits(
    section: Section,
    *,
    accept: float,
    reject: float,
    levels: tuple[float, float],
    twists: tuple[float, float],
    short_ms: float,
    pause_ms: float,
    cycle_ms: float,
) -> Iterator[Condition]:
    for name, low, high in _offsets(accept):
        yield Condition(name=name, section=section, low_offset=low, high_offset=high)
        yield Condition(name=name + ", noise", section=section, low_offset=low, high_offset=high, snr_db=15, tone_ms=50)
    for name, low, high in _offsets(reject):
        yield Condition(name=name, section=section, heard=False, low_offset=low, high_offset=high, tone_ms=100)
        yield Condition(
            name=name + ", noise", section=section, heard=False, low_offset=low, high_offset=high, snr_db=15
        )
    for level in levels:
        yield Condition(name=f"level {level:.0f} dBm0", section=section, level_dbm0=level)
        yield Condition(
            name=f"level {level:.0f} dBm0 off",
            section=section,
            level_dbm0=level,
            low_offset=accept,
            high_offset=-accept,
        )
    for twist in twists:
        yield Condition(name=f"twist {twist:+.0f} dB", section=section, twist_db=twist)
        yield Condition(
            name=f"twist {twist:+.0f} dB, off, noise",
            section=section,
            twist_db=twist,
            low_offset=(-accept, accept),
            high_offset=(-accept, accept),
            snr_db=15,
        )
    yield Condition(name="tone 40 ms", section=section, tone_ms=40, pause_ms=cycle_ms - 40)
    yield Condition(name="tone 40 ms, noise", section=section, tone_ms=40, pause_ms=cycle_ms - 40, snr_db=15)
    yield Condition(
        name="tone 40 ms, twist, off", section=section, tone_ms=40, twist_db=twists,
        low_offset=(-accept, accept), high_offset=(-accept, accept),
    )  # fmt: skip
    yield Condition(name=f"tone {short_ms:.0f} ms", section=section, heard=False, tone_ms=short_ms, pause_ms=80)
    yield Condition(
        name=f"tone {short_ms:.0f} ms, noise", section=section, heard=False, tone_ms=short_ms, pause_ms=80, snr_db=15
    )
    yield Condition(name=f"pause {pause_ms:.0f} ms", section=section, tone_ms=cycle_ms - pause_ms, pause_ms=pause_ms)
    yield Condition(name=f"pause {pause_ms:.0f} ms, noise", section=section, tone_ms=50, pause_ms=pause_ms, snr_db=15)
    for length in (50.0, 60.0, 80.0, 120.0):
        yield Condition(
            name=f"interruption 10 ms in {length:.0f} ms", section=section, tone_ms=length, interruption_ms=10
        )


def _loss() -> Iterator[Condition]:
    for cut in (Cut.ON_GRID, Cut.ANYWHERE):
        for tone in (65.0, 70.0, 80.0, 100.0, 120.0, 150.0):
            yield Condition(
                name=f"{tone:.0f} ms, cut {cut}", section=Section.LOSS, tone_ms=tone, pause_ms=(60, 100), cut=cut
            )
        yield Condition(
            name=f"65-150 ms, cut {cut}, noise, twist, off, ulaw",
            section=Section.LOSS,
            tone_ms=(65, 150),
            pause_ms=(60, 100),
            cut=cut,
            snr_db=18,
            twist_db=(-5, 5),
            low_offset=(-1.5, 1.5),
            high_offset=(-1.5, 1.5),
            law=Law.ULAW,
        )


def _refuse() -> Iterator[Condition]:
    for kind in NoKey:
        yield Condition(name=str(kind), section=Section.REFUSE, heard=False, no_key=kind)


CONDITIONS: Final = (
    *_core(),
    *_limits(
        Section.NTT,
        accept=1.8,
        reject=3.0,
        levels=(-3.0, -24.0),
        twists=(-5.0, 5.0),
        short_ms=24,
        pause_ms=30,
        cycle_ms=120,
    ),
    *_limits(
        Section.ATT,
        accept=1.5,
        reject=3.5,
        levels=(0.0, -25.0),
        twists=(-8.0, 4.0),
        short_ms=23,
        pause_ms=40,
        cycle_ms=93,
    ),
    *_loss(),
    *_refuse(),
)
