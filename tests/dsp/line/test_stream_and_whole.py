"""A stream that is cut anywhere is damaged in the same way as the whole recording."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp.line import added, converters, gaps, reflections
from dsp.line.samples import Marks, Places, Samples, places

T = TypeVar("T", bound=np.generic)

COUNT = 4000
RECORDING = np.random.default_rng(1).uniform(-0.9, 0.9, COUNT)
FRAMES = list(range(160, COUNT, 160))

cuts = st.lists(st.integers(0, COUNT), max_size=8).map(sorted) | st.just(FRAMES)


def pieces(cut_at: list[int]) -> list[tuple[Places, Samples]]:
    edges = [0, *cut_at, COUNT]
    return [(places(end - begin, begin), RECORDING[begin:end]) for begin, end in pairwise(edges)]


def joined(damaged: Iterable[NDArray[T]]) -> NDArray[T]:
    return np.concatenate(list(damaged))


ADDED = {
    "tone": lambda at: added.tone(at, 400.0, 0.7),
    "hum": lambda at: added.hum(at, 50.0),
    "hum of other phases": lambda at: added.hum(at, 60.0, (0.1, 0.2, 0.3)),
}
GAPS = {
    "recurring": lambda at: gaps.recurring(at, every_ms=33.3, length_ms=7.7),
    "stretches": lambda at: gaps.stretches(at, (0, 150, 1999, 3990), 40),
}


@given(cuts)
@pytest.mark.parametrize("kind", ADDED)
def test_what_a_line_adds(kind: str, cut_at: list[int]) -> None:
    whole = ADDED[kind](places(COUNT))
    assert joined(ADDED[kind](at) for at, _ in pieces(cut_at)) == pytest.approx(whole, abs=1e-12)


@given(cuts)
def test_white_noise(cut_at: list[int]) -> None:
    whole, chance = added.white_noise(COUNT, np.random.default_rng(3)), np.random.default_rng(3)
    assert np.array_equal(joined(added.white_noise(at.size, chance) for at, _ in pieces(cut_at)), whole)


@given(cuts)
@pytest.mark.parametrize("damage", [gaps.silenced, gaps.closed_up])
@pytest.mark.parametrize("kind", GAPS)
def test_gaps(kind: str, damage: Callable[[Samples, Marks], Samples], cut_at: list[int]) -> None:
    whole = damage(RECORDING, GAPS[kind](places(COUNT)))
    assert np.array_equal(joined(damage(part, GAPS[kind](at)) for at, part in pieces(cut_at)), whole)


@given(cuts, st.sampled_from([0.0, 7.3, 45.0, 600.0]))
def test_an_echo(cut_at: list[int], delay_ms: float) -> None:
    before = reflections.silence_before_echo(delay_ms)
    whole, _ = reflections.echoed(RECORDING, before, -13.0)
    heard = []
    for _, part in pieces(cut_at):
        out, before = reflections.echoed(part, before, -13.0)
        heard.append(out)
    assert np.array_equal(joined(heard), whole)


@given(cuts.filter(lambda cut_at: len({0, *cut_at, COUNT}) == len(cut_at) + 2))
def test_a_room(cut_at: list[int]) -> None:
    response = reflections.room_response(0.4, 3.0, np.random.default_rng(4))
    sounding = reflections.silence_before_response(response)
    whole, _ = reflections.reverberant(RECORDING, sounding, response)
    heard = []
    for _, part in pieces(cut_at):
        out, sounding = reflections.reverberant(part, sounding, response)
        heard.append(out)
    assert joined(heard) == pytest.approx(whole, abs=1e-9)


@given(cuts)
def test_overload_and_the_laws_of_g711(cut_at: list[int]) -> None:
    linear = np.rint(32767 * RECORDING).astype(np.int16)
    assert np.array_equal(
        joined(converters.clipped(part, 0.3) for _, part in pieces(cut_at)), converters.clipped(RECORDING, 0.3)
    )
    for law in converters.Law:
        coded = joined(converters.companded(linear[at], law) for at, _ in pieces(cut_at))
        assert np.array_equal(coded, converters.companded(linear, law))
