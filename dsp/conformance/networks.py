"""The conditions beyond Q.24's tables: echo, rooms, repeated keys, changing gain, silent packets, coders.

Each section is a table of its own, with a row and a column for every condition. On lines with echo, keys come with the
pauses that people and autodiallers make (ITU-T Q.24: 120 ms a key and slower).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dsp.conformance.coders import CODERS
from dsp.conformance.conditions import Condition, Cut, Must, Section

ECHO_DELAYS_MS: Final = (20, 30, 40, 50, 65, 80, 100, 120, 150, 180, 200, 225, 250)
ECHO_LEVELS_DB: Final = (-6, -8, -10, -12, -15, -20, -25, -30, -35, -40)
TONES_MS: Final = (60.0, 140.0)
PAUSES_MS: Final = (60.0, 140.0)
TIMINGS_MS: Final = ((100, 100), (60, 60), (45, 45))
TWICE: Final = (("gsm", "gsm"), ("amr-12.2", "gsm"), ("g726-32", "g729"))
OVERLOADS_DB: Final = (3, 6, 8, 9, 10, 12, 15, 20)


def _echo() -> Iterator[Condition]:
    for delay in ECHO_DELAYS_MS:
        for level in ECHO_LEVELS_DB:
            yield Condition(
                name=f"echo {delay} ms {level} dB",
                section=Section.ECHO,
                tone_ms=TONES_MS,
                pause_ms=PAUSES_MS,
                level_dbm0=(-14, -8),
                echo_ms=delay,
                echo_db=level,
                cell=(f"{delay} ms", f"{level} dB"),
            )


def _rooms() -> Iterator[Condition]:
    for name, reverberation, direct in (("office", 0.3, 10.0), ("living room", 0.5, 8.0), ("hall", 0.8, 6.0)):
        for tone, pause in ((100, 100), (60, 60), (140, 60)):
            yield Condition(
                name=f"{name} {tone}/{pause}",
                section=Section.ROOM,
                tone_ms=tone,
                pause_ms=pause,
                room_s=reverberation,
                room_db=direct,
                cell=(f"{name}, {reverberation} s", f"{tone}/{pause} ms"),
            )
    for level in (-8, -12, -20):
        for tone, pause in ((100, 100), (60, 60), (140, 60)):
            yield Condition(
                name=f"hybrid {level} dB {tone}/{pause}",
                section=Section.ROOM,
                tone_ms=tone,
                pause_ms=pause,
                hybrid_ms=(16, 128),
                hybrid_db=level,
                cell=(f"hybrid {level} dB, 16-128 ms", f"{tone}/{pause} ms"),
            )


def _repeats() -> Iterator[Condition]:
    for pause in (30, 40, 60, 100, 200, 300, 500):
        for change in (-6, -3, 0, 3, 6):
            yield Condition(
                name=f"pause {pause} ms {change:+d} dB",
                section=Section.REPEAT,
                tone_ms=TONES_MS,
                pause_ms=pause,
                repeat_db=change,
                cell=(f"{pause} ms", f"{change:+d} dB"),
            )


def _gain() -> Iterator[Condition]:
    for tone, pause in TIMINGS_MS:
        column = f"{tone}/{pause} ms"
        for by in OVERLOADS_DB:
            yield Condition(
                name=f"clipping {by} dB {tone}/{pause}", section=Section.GAIN, tone_ms=tone, pause_ms=pause,
                twist_db=(-3, 3), clip_db=by, cell=(f"clipping {by} dB", column),
            )  # fmt: skip
        for by in (3, 6, 10):
            yield Condition(
                name=f"pumping {by} dB {tone}/{pause}", section=Section.GAIN, tone_ms=tone, pause_ms=pause,
                level_dbm0=-16, pump_db=by, cell=(f"pumping {by} dB", column),
            )  # fmt: skip
        for by in (3, 6):
            yield Condition(
                name=f"step {by} dB {tone}/{pause}", section=Section.GAIN, tone_ms=tone, pause_ms=pause,
                step_db=by, cell=(f"step {by} dB", column),
            )  # fmt: skip
        for by in (3, 6):
            yield Condition(
                name=f"fading {by} dB {tone}/{pause}", section=Section.GAIN, tone_ms=tone, pause_ms=pause,
                fade_db=by, cell=(f"one tone fading {by} dB", column),
            )  # fmt: skip


def _silent() -> Iterator[Condition]:
    for silent in (Cut.ON_GRID, Cut.ANYWHERE):
        for tone, pause in ((65, 60), (80, 60), (100, 100), (150, 100), (300, 200), (100, 30)):
            for snr in (None, 20.0):
                noise = "clean" if snr is None else "noise 20 dB"
                yield Condition(
                    name=f"silence {silent} {tone}/{pause} {noise}", section=Section.SILENT, tone_ms=tone,
                    pause_ms=pause, silent=silent, snr_db=snr, cell=(f"{tone}/{pause} ms", f"{silent}, {noise}"),
                )  # fmt: skip


def _coders() -> Iterator[Condition]:
    for chain in (*((name,) for name in CODERS), *TWICE):
        for tone, pause in TIMINGS_MS:
            yield Condition(
                name=f"{' + '.join(chain)} {tone}/{pause}",
                section=Section.CODER,
                tone_ms=tone,
                pause_ms=pause,
                level_dbm0=(-18, -6),
                coders=chain,
                must=Must.NO_WORSE,
                cell=(" + ".join(chain), f"{tone}/{pause} ms"),
            )


NETWORKS: Final = (*_echo(), *_rooms(), *_repeats(), *_gain(), *_silent(), *_coders())
