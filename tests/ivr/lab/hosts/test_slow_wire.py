"""What a slow wire holds up: every frame once, for no longer than said, in order unless frames may overtake."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ivr.lab.hosts.slow_wire import Held


@given(
    gaps=st.lists(st.floats(0, 0.03), max_size=30),
    most_s=st.floats(0, 0.1),
    overtaking=st.booleans(),
    seed=st.integers(),
)
def test_each_frame_comes_once_and_no_later_than_said(
    gaps: list[float], most_s: float, overtaking: bool, seed: int
) -> None:
    held, now, sent, came = Held(most_s, overtaking, random.Random(seed)), 0.0, [], []
    for number, gap in enumerate(gaps):
        now += gap
        came += [(frame, now) for _, frame in held.due(now)]
        held.hold(bytes([number]), towards=number % 2, now=now)
        sent.append(now)
    while (wait := held.next_in(now)) is not None:
        now += wait
        came += [(frame, now) for _, frame in held.due(now)]
    assert sorted(frame for frame, _ in came) == [bytes([number]) for number in range(len(sent))]
    if not overtaking:
        for end in (0, 1):
            to_end = [frame[0] for frame, _ in came if frame[0] % 2 == end]
            assert to_end == sorted(to_end)


def test_a_frame_is_held_up_for_as_long_as_is_drawn_at_most() -> None:
    held = Held(0.04, overtaking=True, drawn=random.Random(1))
    held.hold(b"x", towards=1, now=10.0)
    wait = held.next_in(10.0)
    assert wait is not None
    assert 0 < wait <= 0.04
    assert list(held.due(10.0)) == []
    assert list(held.due(10.0 + wait)) == [(1, b"x")]
