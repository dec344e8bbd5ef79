"""The tables beyond Q.24's: their conditions, and how these are judged."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from dsp import analyse
from dsp.conformance import coders, lines, report
from dsp.conformance.coders import CODERS, CoderMissingError, coded, missing_coders
from dsp.conformance.conditions import CONDITIONS, Condition, Must, Section
from dsp.conformance.corpus import record
from dsp.conformance.networks import NETWORKS
from dsp.conformance.runner import Result, shortfalls
from dsp.conformance.signals import Tone, pair, render
from tests import needs

RNG = np.random.default_rng
TONE = Tone("5", 100.0, 100.0, -10.0, 0.0, 0.0, 0.0)


def loudest_hertz(samples: NDArray[np.float64]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return np.argmax(spectrum) * 8000 / samples.size


def test_names_and_cells_are_used_once() -> None:
    every = [(item.section, item.name) for item in (*CONDITIONS, *NETWORKS)]
    cells = [(item.section, item.cell) for item in NETWORKS]
    assert len(set(every)) == len(every)
    assert len(set(cells)) == len(cells)
    assert None not in {item.cell for item in NETWORKS}


@pytest.mark.parametrize("name", CODERS)
def test_a_coder_gives_back_what_sounds_the_same(name: str) -> None:
    t = np.arange(8000) / 8000
    samples = np.rint(6000 * np.sin(2 * np.pi * 852 * t)).astype(np.int16)
    try:
        through = coded(samples, (name,))
    except CoderMissingError as error:
        needs.not_run(str(error))
    assert through.size >= samples.size
    assert loudest_hertz(through[2000:6000].astype(float)) == pytest.approx(852, abs=4)
    assert not np.array_equal(through[: samples.size], samples)


def test_a_coder_that_is_not_there_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    coders._ffmpeg_encoders.cache_clear()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    missing = missing_coders(["g722", "gsm", "amr-12.2", "g729"])
    assert "apt-get install ffmpeg" in missing["g722"]
    assert "libgsm1" in missing["gsm"]
    assert "libopencore-amrnb0" in missing["amr-12.2"]
    assert "libbcg729-0" in missing["g729"]
    with pytest.raises(CoderMissingError):
        coded(np.zeros(160, np.int16), ("g722",))
    coders._ffmpeg_encoders.cache_clear()


def test_a_room_decays_by_60_db_in_its_reverberation_time() -> None:
    click = np.zeros(8000)
    click[0] = 1.0
    wet = lines.room(click, 0.5, 8.0, RNG(1))
    early, late = (np.sum(wet[at : at + 800] ** 2) for at in (400, 2400))
    assert np.sum(wet[1:] ** 2) == pytest.approx(10**-0.8, rel=0.01)
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.25 / 0.5, abs=3)


def test_overload_silence_steps_and_gain_act_within_the_tone() -> None:
    clean = render([TONE], 400, RNG(2))
    cut = lines.clipped(clean, [TONE], 12.0)
    assert np.abs(cut).max() == pytest.approx(np.abs(clean).max() / 10**0.6)
    silent = lines.silenced(clean, [TONE], 20.0, on_grid=True, rng=RNG(3))
    gone = np.flatnonzero(silent != clean)
    assert gone.min() // 160 == gone.max() // 160
    stepped = lines.stepped(clean, [TONE], 6.0, RNG(4))
    ratio = np.unique(np.round(stepped[801:1599] / clean[801:1599], 3))
    assert ratio.tolist() == pytest.approx([0.501, 1.0])
    pumped = lines.pumped(clean, [TONE], 6.0)
    assert np.sum(pumped[800:960] ** 2) > 2 * np.sum(clean[800:960] ** 2)
    assert np.sum(pumped[1440:1600] ** 2) < 1.1 * np.sum(clean[1440:1600] ** 2)


def test_one_tone_fades_and_the_other_does_not() -> None:
    faded = pair(Tone("5", 0.0, 100.0, -10.0, 0.0, 0.0, 0.0, fade_db=6.0), RNG(5))
    start, end = (np.abs(np.fft.rfft(part * np.hanning(200), 8000)) for part in (faded[:200], faded[-200:]))
    assert 20 * np.log10(start[1336] / end[1336]) == pytest.approx(4.5, abs=0.8)
    assert 20 * np.log10(start[770] / end[770]) == pytest.approx(0.0, abs=0.8)


def result(receiver: str, wrong: int, must: Must) -> Result:
    condition = Condition(name=str(must), section=Section.CODER, must=must, cell=("gsm", "60/60 ms"))
    return Result(receiver, condition, 1, "1234", "", wrong)


def test_where_a_receiver_must_be_no_worse_the_best_one_beside_it_counts() -> None:
    no_worse = [result(name, wrong, Must.NO_WORSE) for name, wrong in (("a", 2), ("b", 2), ("c", 5))]
    assert shortfalls(no_worse, "a") == []
    assert [item.name for item in shortfalls(no_worse, "c")] == ["no worse"]
    assert shortfalls(no_worse[:1], "a") == []
    assert [item.name for item in shortfalls([result("a", 1, Must.ALL), result("b", 9, Must.ALL)], "a")] == ["all"]


def test_a_grid_shows_all_receivers_numbers_side_by_side() -> None:
    results = [result("a", 2, Must.ALL), result("b", 11, Must.ALL)]
    (table,) = report.grids(results)
    out = io.StringIO()
    Console(file=out, width=100).print(table)
    assert "2/11" in out.getvalue()
    assert "of 4 keys: a 2, b 11" in " ".join(out.getvalue().split())


def test_a_key_pressed_twice_differs_by_what_is_asked() -> None:
    condition = next(item for item in NETWORKS if item.name == "pause 100 ms -6 dB")
    recording = record(condition, seed=1, keys=8)
    assert recording.sent[::2] == recording.sent[1::2]
    first, second = (burst.low_dbm0 for burst in analyse(recording.samples)[:2])
    assert second - first == pytest.approx(-6, abs=0.3)
