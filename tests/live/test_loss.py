"""Keys through lost packets, over real calls (`python -m tests.live.loss` measures more of them)."""

from __future__ import annotations

import pytest

from tests.live.loss import CONDITIONS, Condition, bench

WORST = [condition for condition in CONDITIONS if condition.loss == 0.05]


@pytest.mark.alone
@pytest.mark.parametrize("condition", WORST, ids=lambda condition: f"{1000 * condition.timing.tone_s:.0f} ms")
def test_calls_that_lose_one_packet_in_twenty_are_heard_key_by_key(condition: Condition) -> None:
    with bench() as measuring:
        score = measuring.measure(condition, 20, seed=42)
    assert score.ours >= condition.must * score.calls
    assert score.ours >= score.asterisks
