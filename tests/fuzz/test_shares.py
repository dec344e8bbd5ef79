"""How the time of a run is shared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.shares import START_S, next_share, shares_by_speed


@given(st.integers(1, 10**8), st.lists(st.floats(10, 100_000), min_size=1, max_size=30))
def test_shares_by_speed_give_all_inputs_and_a_fast_target_no_less_time(inputs: int, speeds: list[float]) -> None:
    shares = shares_by_speed(inputs, speeds)
    assert sum(share * speed for share, speed in zip(shares, speeds, strict=True)) >= inputs
    by_speed = [share for _, share in sorted(zip(speeds, shares, strict=True))]
    assert by_speed == sorted(by_speed)
    assert min(shares) >= 1


def test_nothing_is_shared_where_nothing_is_missing_or_nobody_runs() -> None:
    assert shares_by_speed(0, [1.0, 2.0]) == [0, 0]
    assert shares_by_speed(100, [0.0]) == [0]


def test_a_target_has_its_part_of_what_is_left_without_its_start() -> None:
    assert next_share(100, 10) == pytest.approx(10 - START_S)
    assert next_share(-5, 3) == 1
