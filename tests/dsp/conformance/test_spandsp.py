"""libspandsp's receiver, our yardstick."""

import ctypes

import pytest

from dsp import synthesize
from dsp.bench import Cost, live, offline, sounds
from dsp.conformance.spandsp import SpandspMissingError, SpandspReceiver, decode_by_spandsp, load
from sound.samples import to_int16
from tests import needs


@pytest.fixture
def library() -> ctypes.CDLL:
    needs.package("libspandsp2")
    return load()


def test_libspandsp_hears_clean_keys_of_any_number(library: ctypes.CDLL) -> None:
    keys = "123A456B789C*0#D" * 12
    samples = to_int16(synthesize(keys))
    assert decode_by_spandsp(samples, library=library) == keys


def test_a_receiver_may_be_closed_twice(library: ctypes.CDLL) -> None:
    receiver = SpandspReceiver(library)
    receiver.close()
    receiver.close()


def test_an_absent_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(SpandspMissingError, match="apt-get install libspandsp2"):
        load()


def test_the_bench_measures_every_sound_and_any_number_of_channels() -> None:
    costs = [*offline(3.0, 1, None), live(3, None, busy=0.5, ticks=20)]
    assert len(costs) == len(sounds(1.0)) + 1
    assert all(cost.ours > 0 and cost.ratio is None for cost in costs)


def test_the_ratio_is_ours_by_theirs() -> None:
    assert Cost("work", "us", 2.0, 8.0).ratio == 0.25
