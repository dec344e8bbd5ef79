"""One event is one key, however often the exchange reports it. Figures are those of Asterisk 22.10."""

from __future__ import annotations

import pytest

from ivr.telephony.audiosocket.repeats import Repeats


def told(*moments: tuple[float, str | None]) -> list[bool]:
    """Whether each key frame among these is taken for a repeat; times in ms; None is a packet of audio."""
    watch, found = Repeats(), []
    for at_ms, key in moments:
        if key is None:
            watch.audio(1, at_ms / 1000)
        else:
            found.append(watch.key(key, at_ms / 1000))
    return found


@pytest.mark.parametrize("lasts_ms", [60, 100, 300])
@pytest.mark.parametrize("packet_ms", [0, 10, 20])
def test_an_end_that_is_told_three_times_is_one_key(lasts_ms: int, packet_ms: int) -> None:
    first = 480 + packet_ms + lasts_ms
    again = lasts_ms + 45
    assert told((480, None), (first, "5"), (first + again, "5"), (first + 2 * again, "5")) == [False, True, True]


def test_a_packet_may_slip_through_between_them() -> None:
    assert told((490, None), (601, "5"), (615, None), (747, "5"), (892, "5")) == [False, True, True]


@pytest.mark.parametrize("pause_ms", [70, 100, 200])
@pytest.mark.parametrize("packet_ms", [0, 10, 20])
def test_a_browser_that_sends_nothing_between_its_keys_presses_each(pause_ms: int, packet_ms: int) -> None:
    first, cycle = 480 + packet_ms + 100, 100 + pause_ms
    assert told((480, None), *((first + n * cycle, "5") for n in range(8))) == [False] * 8


@pytest.mark.parametrize("pause_ms", [40, 60, 100])
def test_a_telephone_that_sends_audio_between_its_keys_presses_each(pause_ms: int) -> None:
    moments: list[tuple[float, str | None]] = [(480, None)]
    for press in range(8):
        ends = 582 + press * (100 + pause_ms)
        moments += [(ends, "5"), *((ends + packet, None) for packet in range(20, pause_ms + 1, 20))]
    assert told(*moments) == [False] * 8


def test_another_key_is_no_repetition() -> None:
    assert told((480, None), (580, "5"), (725, "6"), (870, "5")) == [False] * 3
