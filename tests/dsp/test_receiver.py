from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from dsp import FailedTest, Key, NearMiss, Receiver, analyse, decode, synthesize
from sound.samples import to_float32, to_int16

SECOND = 8000


def square(hertz: float, amplitude: float = 1.0) -> NDArray[np.float32]:
    t = np.arange(2 * SECOND) / SECOND
    return (amplitude * np.sign(np.sin(2 * np.pi * hertz * t + 0.1))).astype(np.float32)


HOSTILE = {
    "empty": np.zeros(0, np.float32),
    "one sample": np.ones(1, np.float32),
    "one loudest int16": np.full(1, -32768, np.int16),
    "silence": np.zeros(SECOND, np.float32),
    "DC": np.ones(SECOND, np.float32),
    "negative DC": np.full(SECOND, -32768, np.int16),
    "NaN": np.full(SECOND, np.nan, np.float32),
    "inf": np.full(SECOND, np.inf, np.float32),
    "alternating infinities": np.tile([np.inf, -np.inf], SECOND // 2).astype(np.float64),
    "largest floats": np.tile([np.finfo(np.float64).max, -np.finfo(np.float64).max], SECOND // 2),
    "smallest floats": np.full(SECOND, np.finfo(np.float32).tiny, np.float32),
    "half precision": np.full(SECOND, 0.5, np.float16),
    "impulses": np.eye(1, 2 * SECOND, 777, dtype=np.float32)[0],
    "noise, full scale": np.random.default_rng(0).uniform(-1, 1, 10 * SECOND),
    "random bits": np.random.default_rng(0).integers(-32768, 32768, 10 * SECOND).astype(np.int16),
    **{f"square wave of {hertz} Hz": square(hertz) for hertz in (50, 232, 348, 403, 697, 852, 1209, 1336, 1633, 4000)},
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("fs", [8000, 44100])
def test_hostile_signals_hold_no_key_and_raise_nothing(name: str, fs: int) -> None:
    assert decode(HOSTILE[name], fs) == ""
    assert not any(isinstance(burst, Key) for burst in analyse(HOSTILE[name], fs, near_misses=True))


@settings(max_examples=50)
@given(hnp.arrays(np.float32, st.integers(0, 2000), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_no_array_of_floats_makes_it_raise(samples: NDArray[np.float32]) -> None:
    decode(samples)


def test_keys_are_heard_between_stretches_of_not_a_number() -> None:
    keys = synthesize("42")
    broken = np.concatenate([np.full(3000, np.nan, np.float32), keys, np.full(3000, np.inf, np.float32), keys])
    assert decode(broken) == "4242"


def test_int16_and_float_give_the_same() -> None:
    samples = synthesize("147*", snr_db=20)
    assert decode(to_int16(samples)) == decode(samples) == decode(samples.astype(np.float64)) == "147*"
    assert analyse(to_int16(samples)) == analyse(samples) == analyse(to_float32(to_int16(samples)))


def test_read_only_and_strided_arrays_are_taken() -> None:
    samples = np.repeat(to_int16(synthesize("90")), 2)
    view = np.frombuffer(samples.tobytes(), np.int16)[::2]
    assert not view.flags.writeable
    assert decode(view) == "90"


def test_more_than_one_channel_and_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match="one channel"):
        decode(np.zeros((100, 2), np.int16))
    with pytest.raises(TypeError, match="uint8"):
        decode(np.zeros(100, np.uint8))


def test_a_finished_receiver_says_so() -> None:
    receiver = Receiver()
    receiver.finish()
    assert receiver.finish() == []
    with pytest.raises(ValueError, match="finished"):
        receiver.feed(np.zeros(160, np.int16))


@pytest.mark.parametrize(
    ("why", "sent"),
    [
        (FailedTest.DURATION, {"tone_s": 0.024}),
        (FailedTest.FREQUENCY, {"offset_percent": 3.2}),
        (FailedTest.FREQUENCY, {"offset_percent": (0.0, -3.2)}),
        (FailedTest.TWIST, {"twist_db": 12}),
        (FailedTest.TWIST, {"twist_db": -14}),
        (FailedTest.PURITY, {"snr_db": 7}),
        (FailedTest.LEVEL, {"level_dbm0": -45}),
    ],
)
def test_a_refused_burst_names_the_test_that_it_failed(why: FailedTest, sent: dict[str, Any]) -> None:
    samples = synthesize("8", **sent)
    (burst,) = analyse(samples, near_misses=True)
    assert isinstance(burst, NearMiss)
    assert (burst.key, burst.failed_test) == ("8", why)
    assert burst.begin_s == pytest.approx(0.1, abs=0.005)
    assert analyse(samples) == []


def test_long_recordings_are_decoded_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    import dsp.receiver

    monkeypatch.setattr(dsp.receiver, "PIECE", 5000)
    samples = synthesize("123A456B789C*0#D", tone_s=0.05, pause_s=0.04)
    assert decode(samples) == "123A456B789C*0#D"
    assert "".join(key.key for key in analyse(samples)) == "123A456B789C*0#D"


def test_bursts_come_in_time_order() -> None:
    samples = np.concatenate([synthesize("1"), synthesize("2", tone_s=0.02), synthesize("3")])
    bursts = analyse(samples, near_misses=True)
    assert [burst.begin_s for burst in bursts] == sorted(burst.begin_s for burst in bursts)
    assert [burst.key for burst in bursts if isinstance(burst, Key)] == ["1", "3"]
