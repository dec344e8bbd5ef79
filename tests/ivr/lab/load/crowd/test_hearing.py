"""What callers of a load hear: the starts and ends of guidance, by loudness alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import ulaw_encode
from ivr.call.phrases import Phrase, render
from ivr.lab.load.crowd.hearing import Hearing, loud
from prompts import load_catalogue


def frames(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    whole = samples[: len(samples) // 160 * 160]
    return ulaw_encode(np.ascontiguousarray(whole)).reshape(-1, 160)


class Listener:
    """The hearing of three places, whose packets come every 20 ms."""

    def __init__(self) -> None:
        self.hearing = Hearing(3)
        self.now = 50.0

    def hears(self, has_speech: str, *places: int) -> list[tuple[int, float]]:
        """A letter a packet, `#` for speech; returns where guidance started, and when."""
        started: list[tuple[int, float]] = []
        for letter in has_speech:
            self.now += 0.02
            whose = np.array(places or (0,), np.intp)
            at = np.full(len(whose), self.now)
            started += self.hearing.packets(whose, np.full(len(whose), letter == "#"), at)
        return [(place, round(when, 3)) for place, when in started]


def test_speech_is_loud_and_silence_is_not() -> None:
    guidance = frames(render(Phrase(("unit.ask",)), load_catalogue("ja")))
    assert not loud(guidance[:14]).any()  # the lead-in
    assert loud(guidance).mean() > 0.5
    assert not loud(frames(np.full(1600, 8, np.int16))).any()  # the idle noise of G.711


def test_guidance_starts_once_however_often_it_pauses() -> None:
    listener = Listener()
    assert listener.hears("." * 20 + "###") == [(0, 50.42)]
    assert listener.hears("." * 30 + "###") == []
    assert listener.hearing.fell_silent(listener.now + 0.7) == []
    assert listener.hearing.fell_silent(listener.now + 0.9) == [0]
    assert listener.hearing.fell_silent(listener.now + 1.0) == []


def test_the_next_guidance_starts_again() -> None:
    listener = Listener()
    listener.hears("###")
    listener.hearing.fell_silent(listener.now + 1.0)
    listener.now += 1.0
    assert listener.hears("###") == [(0, 51.08)]


def test_after_a_key_the_next_guidance_is_heard_although_the_last_one_did_not_end() -> None:
    listener = Listener()
    listener.hears("#" * 50)
    listener.hearing.key_started(0, listener.now)
    assert listener.hears("##") == []
    assert listener.hears("." * 15 + "##") == [(0, 51.36)]


def test_guidance_that_a_key_caught_in_a_pause_is_not_the_next_one() -> None:
    listener = Listener()
    listener.hears("#" * 50 + "." * 15)
    listener.hearing.key_started(0, listener.now)
    assert listener.hears("##") == []
    assert listener.hears("." * 15 + "#") != []


def test_how_long_a_key_took_to_stop_the_guidance() -> None:
    listener = Listener()
    listener.hears("#" * 50)
    listener.hearing.key_started(0, listener.now + 0.005)
    listener.hears("####.....")
    assert listener.hearing.stopped(listener.now) == []
    listener.hears(".........")
    ((place, took_s),) = listener.hearing.stopped(listener.now)
    assert place == 0
    assert took_s == pytest.approx(0.095)
    assert listener.hearing.stopped(listener.now + 1.0) == []


def test_a_key_in_silence_stops_nothing() -> None:
    listener = Listener()
    listener.hears("###" + "." * 20)
    listener.hearing.key_started(0, listener.now)
    listener.hears("." * 20)
    assert listener.hearing.stopped(listener.now) == []


def test_each_place_hears_its_own_packets() -> None:
    listener = Listener()
    assert listener.hears("#", 2, 0) == [(2, 50.02), (0, 50.02)]
    assert listener.hears("#", 1, 1, 2) == [(1, 50.04)]


def test_a_place_that_was_cleared_has_heard_nothing() -> None:
    listener = Listener()
    listener.hears("###")
    listener.hearing.clear(0)
    assert listener.hears("#") != []
