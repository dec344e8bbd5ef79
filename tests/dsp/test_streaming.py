"""Any cut into pieces, any number of channels, and any order of opening and closing give the same result."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import KEYS, BurstRefused, DetectorBank, Event, KeyEnded, KeyStarted, Receiver, decode
from dsp.conformance.conditions import CONDITIONS, Section
from dsp.conformance.corpus import record

WILD = [
    condition
    for condition in CONDITIONS
    if "mix" in condition.name
    or condition.section in (Section.LOSS, Section.REFUSE)
    or condition.name in ("lengths at random", "clean 40/30", "pause 30 ms, noise", "twist +5 dB, off, noise")
]


def recording(number: int, seed: int, seconds: int = 3) -> NDArray[np.int16]:
    samples = record(WILD[number], seed=seed, keys=24).samples
    return samples[: seconds * 8000]


def told(events: list[Event]) -> list[tuple[Any, ...]]:
    """Return events without slots, with figures rounded far more coarsely than float32 rounds."""
    out: list[tuple[Any, ...]] = []
    for event in events:
        if isinstance(event, KeyStarted):
            out.append(("started", event.key, round(event.begin_s, 5)))
            continue
        burst = event.key if isinstance(event, KeyEnded) else event.near_miss
        figures = (burst.begin_s, burst.end_s, burst.low_dbm0, burst.high_dbm0, burst.snr_db,
                   burst.low_offset_percent, burst.high_offset_percent)  # fmt: skip
        failed = getattr(burst, "failed_test", None)
        out.append((type(event).__name__, burst.key, failed, *figures))
    return out


def assert_same(events: list[Event], expected: list[Event]) -> None:
    mine, theirs = told(events), told(expected)
    assert [event[:3] for event in mine] == [event[:3] for event in theirs]
    for event, other in zip(mine, theirs, strict=True):
        assert event[3:] == pytest.approx(other[3:], rel=1e-3, abs=1e-3)


def whole(samples: NDArray[np.int16], *, near_misses: bool = True) -> list[Event]:
    receiver = Receiver(near_misses=near_misses)
    return receiver.feed(samples) + receiver.finish()


@settings(max_examples=60)
@given(data=st.data(), number=st.integers(0, len(WILD) - 1), seed=st.integers(0, 1000))
def test_any_cut_into_frames_gives_what_the_whole_gives(data: st.DataObject, number: int, seed: int) -> None:
    samples = recording(number, seed)
    sizes = data.draw(
        st.one_of(
            st.just([160]),
            st.lists(st.integers(0, 400), min_size=1, max_size=20).filter(any),
            st.lists(st.integers(100, 4000), min_size=1, max_size=8),
        )
    )
    receiver, events, at, turn = Receiver(near_misses=True), [], 0, 0
    while at < samples.size:
        size = sizes[turn % len(sizes)]
        events += receiver.feed(samples[at : at + size])
        at, turn = at + size, turn + 1
    events += receiver.finish()
    assert_same(events, whole(samples))


@settings(max_examples=25)
@given(st.data())
def test_channels_that_open_close_and_pause_at_any_time_do_not_disturb_each_other(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    waiting = [recording(int(rng.integers(len(WILD))), seed + n, seconds=2) for n in range(7)]
    expected = [whole(samples) for samples in waiting]
    bank = DetectorBank(capacity=2, near_misses=True)
    numbers: dict[int, int] = {}
    places: dict[int, int] = {}
    events: dict[int, list[Event]] = {n: [] for n in range(7)}
    fresh = list(range(7))
    while fresh or numbers:
        if fresh and (not numbers or rng.random() < 0.1):
            number = fresh.pop()
            slot = bank.open()
            numbers[slot], places[slot] = number, 0
        fed = [slot for slot in numbers if rng.random() < 0.9]
        rng.shuffle(fed)
        size = int(rng.choice([160, 160, 320, 80, 1000]))
        rows = []
        for slot in fed:
            part = waiting[numbers[slot]][places[slot] : places[slot] + size]
            rows.append(np.pad(part, (0, size - part.size)))
            places[slot] += size
        if rows:
            for event in bank.feed(fed, np.array(rows)):
                events[numbers[event.slot]].append(event)
        for slot in [slot for slot in fed if places[slot] >= waiting[numbers[slot]].size]:
            for event in bank.close(slot):
                events[numbers[slot]].append(event)
            del numbers[slot], places[slot]
    for number in range(7):
        assert_same(events[number], expected[number])


@settings(max_examples=30)
@given(number=st.integers(0, len(WILD) - 1), seed=st.integers(0, 1000))
def test_each_announced_key_is_ended_once_in_order_and_decode_tells_the_same(number: int, seed: int) -> None:
    samples = recording(number, seed)
    events = whole(samples, near_misses=False)
    assert [type(event) for event in events] == [KeyStarted, KeyEnded] * (len(events) // 2)
    for started, ended in zip(events[::2], events[1::2], strict=True):
        assert isinstance(started, KeyStarted)
        assert isinstance(ended, KeyEnded)
        assert started.key == ended.key.key
        assert started.begin_s == ended.key.begin_s
        assert ended.key.end_s > ended.key.begin_s
    assert decode(samples) == "".join(event.key for event in events if isinstance(event, KeyStarted))


@pytest.mark.parametrize("phase", range(0, 160, 13))
@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_announced_by_the_100th_millisecond_of_its_tone(key: str, phase: int) -> None:
    t = np.arange(4000) / 8000
    index = KEYS.index(key)
    low, high = (697, 770, 852, 941)[index // 4], (1209, 1336, 1477, 1633)[index % 4]
    tone = (3000 * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t + phase))).astype(np.int16)
    samples = np.concatenate([np.zeros(1600 + phase, np.int16), tone])
    receiver = Receiver()
    for at in range(0, samples.size, 160):
        events = receiver.feed(samples[at : at + 160])
        if events:
            assert isinstance(events[0], KeyStarted)
            assert at + 160 - (1600 + phase) <= 800
            return
    pytest.fail("the key was not announced")


def test_near_misses_are_told_only_when_asked() -> None:
    samples = record(WILD[0], seed=1).samples
    assert not any(isinstance(event, BurstRefused) for event in whole(samples, near_misses=False))
