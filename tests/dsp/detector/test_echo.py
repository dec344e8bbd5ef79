"""A key is counted once, whatever echoes come back; and twice if it is pressed twice."""

import numpy as np
import pytest

from dsp import FailedTest, Key, NearMiss, analyse, decode
from dsp.conformance import signals
from dsp.conformance.conditions import Condition, Section
from dsp.conformance.corpus import record
from dsp.conformance.networks import NETWORKS
from dsp.conformance.signals import Samples, Tone, render
from sound.samples import to_int16


def tones(
    keys: str, *, length: float = 100.0, pause: float = 100.0, levels: tuple[float, ...] = (-10.0,)
) -> list[Tone]:
    return [
        Tone(key, 200 + number * (length + pause), length, levels[number % len(levels)], 0.0, 0.0, 0.0)
        for number, key in enumerate(keys)
    ]


def line(pressed: list[Tone], seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return render(pressed, pressed[-1].begin_ms + 900, rng)


def heard(samples: Samples) -> str:
    return decode(to_int16(samples))


@pytest.mark.parametrize("level", [-7, -12, -20, -30, -38])
@pytest.mark.parametrize("delay", [20, 55, 80, 110, 160, 210, 250])
@pytest.mark.parametrize(("length", "pause"), [(100, 100), (60, 60), (140, 80)])
def test_an_echo_doubles_no_key_and_hides_none(length: int, pause: int, delay: int, level: int) -> None:
    keys = "7820459177882200"
    samples = line(tones(keys, length=length, pause=pause), seed=delay - level)
    assert heard(signals.echoed(samples, delay, level)) == keys


def test_an_echo_is_a_near_miss_that_is_called_one() -> None:
    samples = to_int16(signals.echoed(line(tones("5")), 180, -15))
    key, echo = analyse(samples, near_misses=True)
    assert isinstance(key, Key)
    assert isinstance(echo, NearMiss)
    assert (echo.key, echo.failed_test) == ("5", FailedTest.ECHO)
    assert echo.begin_s - key.begin_s == pytest.approx(0.18, abs=0.003)
    assert echo.low_dbm0 - key.low_dbm0 == pytest.approx(-15, abs=0.3)


@pytest.mark.parametrize("change", [-4, -2, 0, 3, 6])
@pytest.mark.parametrize("pause", [30, 60, 120, 250, 500])
def test_a_key_pressed_again_counts_again_at_any_pause_and_up_to_6_db_off(pause: int, change: int) -> None:
    keys = "11223344556677889900"
    for seed in range(3):
        assert heard(line(tones(keys, pause=pause, length=90, levels=(-12.0, -12.0 + change)), seed)) == keys


def test_at_the_border_of_6_db_phases_tell_a_copy_from_a_press() -> None:
    counts = {"copy": 0, "press": 0}
    for seed in range(40):
        copied = signals.echoed(line(tones("5"), seed), 200, -6)
        pressed = line(tones("55", levels=(-10.0, -16.0)), seed)
        counts["copy"] += heard(copied) == "5"
        counts["press"] += heard(pressed) == "55"
    assert counts["copy"] == 40
    assert counts["press"] >= 36  # by chance one in some dozens of presses starts as the first one did


def test_at_the_border_a_press_of_another_length_is_no_copy() -> None:
    first, second = tones("55", levels=(-10.0, -16.0))
    longer = Tone("5", second.begin_ms, 130.0, second.level_dbm0, 0.0, 0.0, 0.0)
    shorter = Tone("5", second.begin_ms, 70.0, second.level_dbm0, 0.0, 0.0, 0.0)
    for other in (longer, shorter):
        assert [heard(line([first, other], seed)) for seed in range(20)] == ["55"] * 20


def test_a_weak_press_long_after_a_strong_one_counts() -> None:
    first, second = tones("55", levels=(-6.0, -26.0))
    later = Tone("5", first.begin_ms + 1000, second.length_ms, second.level_dbm0, 0.0, 0.0, 0.0)
    assert heard(line([first, later])) == "55"


def test_a_pause_that_an_echo_fills_still_parts_two_presses() -> None:
    samples = line(tones("55", length=100, pause=60))
    assert heard(signals.echoed(samples, 70, -6.5)) == "55"


def test_a_press_that_ends_while_it_might_still_be_an_echo_is_heard() -> None:
    """A second C follows the echo of the first at once, for 69 ms, and is purer than the first."""
    condition = next(item for item in NETWORKS if item.name == "echo 120 ms -12 dB")
    recording = record(condition, seed=9002, keys=64)
    assert decode(recording.samples) == recording.expected


MILD = [item for item in NETWORKS if item.section is Section.ROOM and item.hybrid_db != -8 and item.room_s != 0.8]


@pytest.mark.parametrize("condition", MILD, ids=lambda condition: condition.name)
def test_rooms_and_hybrids_double_no_key_and_hide_none(condition: Condition) -> None:
    recording = record(condition, seed=970)
    assert decode(recording.samples) == recording.expected


@pytest.mark.parametrize("hole", [40, 70, 100, 130])
def test_a_hole_in_an_echo_does_not_make_a_key_of_the_rest(hole: int) -> None:
    """A gap of 19 ms, `hole` ms after the start of the echo, is not a pause."""
    keys = "113399774499"
    pressed = tones(keys, length=223, pause=349)
    samples = signals.echoed(line(pressed), 252, -6.2)
    for tone in pressed:
        begin = round((tone.begin_ms + 252 + hole) * 8)
        samples[begin : begin + 152] = 0
    assert heard(samples) == keys


@pytest.mark.parametrize("length", [180, 240, 300])
@pytest.mark.parametrize("late", [30, 60, 100, 150])
def test_what_comes_back_of_a_long_key_much_weaker_is_its_echo(length: int, late: int) -> None:
    """This holds however long after the key's start it comes, at whatever phases, and for however long."""
    keys = "1123344567788990"
    pressed = tones(keys, length=length, pause=400)
    copies = [Tone(t.key, t.begin_ms + length + late, length * 0.6, -19.0, 0.0, 0.0, 0.0) for t in pressed]
    assert heard(line(pressed) + line(copies)[: len(line(pressed))]) == keys
