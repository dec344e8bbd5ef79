"""A time is cut into days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.clock import days

BEGIN = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@given(seconds=st.integers(-100_000, 10_000_000))
def test_days_follow_one_another_from_the_start_to_the_end(seconds: int) -> None:
    end = BEGIN + timedelta(seconds=seconds)
    cut = list(days(BEGIN, end))
    if seconds <= 0:
        assert cut == []
        return
    assert (cut[0][0], cut[-1][1]) == (BEGIN, end)
    assert all(one[1] == other[0] for one, other in pairwise(cut))
    assert all(timedelta(0) < until - begin <= timedelta(days=1) for begin, until in cut)
    assert len(cut) == -(-seconds // 86_400)
