"""Audio that comes late, however late, is told from audio that nobody can have spoken."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.audiosocket.codec import Audio, KeyFrame
from ivr.telephony.audiosocket.pace import AHEAD_S, BEHIND_S, SHORTEST_S, Pace

OCTETS_A_SECOND = 16000
STANDSTILL_S = 10.0

pieces = st.lists(st.sampled_from([0.01, 0.02, 0.03, 0.06]), min_size=1, max_size=300)
standstills = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.0, STANDSTILL_S)), max_size=4)


def audio(seconds: float) -> Audio:
    return Audio(bytes(round(seconds * OCTETS_A_SECOND)))


def after(spoken_s: float, stops: list[tuple[float, float]]) -> float:
    """When something said at `spoken_s` comes, if what is on the way at each of these stops waits for its end."""
    return max([spoken_s, *(start + lasts for start, lasts in stops if start <= spoken_s < start + lasts)])


@given(pieces, standstills, st.floats(0.0, 5.0), st.floats(0.0, 0.0002))
def test_a_caller_is_never_too_fast_whatever_stands_still_on_the_way(
    lengths: list[float], stops: list[tuple[float, float]], queued_s: float, clock_error: float
) -> None:
    """What an exchange had queued comes at once with the first message; clocks differ by up to 200 in a million."""
    pace = Pace()
    spoken = [(at / (1.0 + clock_error), length) for at, length in zip(accumulate(lengths), lengths, strict=True)]
    arrivals = sorted((max(queued_s, after(at, stops)), length) for at, length in spoken)
    assert not any(pace.too_fast([audio(length)], at) for at, length in arrivals)


@given(st.floats(0.0, 600.0))
def test_silence_that_was_not_sent_does_not_make_a_caller_too_fast(silent_s: float) -> None:
    pace = Pace()
    assert not pace.too_fast([audio(0.02)], 0.0)
    for number in range(1000):
        assert not pace.too_fast([audio(0.02)], silent_s + number * 0.02)


@given(st.floats(0.0, 300.0), st.floats(1.25, 1000.0))
def test_who_sends_faster_than_is_spoken_is_found_out_however_patiently_it_waited(waits_s: float, rate: float) -> None:
    pace = Pace()
    assert not pace.too_fast([audio(0.02)], 0.0)
    sent_s = 0.0
    now = waits_s
    while not pace.too_fast([audio(0.2)], now):
        sent_s += 0.2
        now += 0.2 / rate
        assert now - waits_s <= (AHEAD_S + BEHIND_S) / (rate - 1.0)
    assert sent_s <= (AHEAD_S + BEHIND_S) * rate / (rate - 1.0)


@pytest.mark.parametrize("message", [Audio(b""), Audio(b"\0\0"), KeyFrame("1")])
def test_messages_without_much_in_them_make_a_flood_as_well(message: Audio | KeyFrame) -> None:
    pace = Pace()
    assert not pace.too_fast([message], 0.0)
    assert pace.too_fast([message] * round(AHEAD_S / SHORTEST_S), 0.0)
