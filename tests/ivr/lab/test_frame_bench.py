"""The bench of calls' audio runs both servers, and both have something to do."""

from __future__ import annotations

from ivr.lab.frame_bench import measure


def test_both_servers_carry_the_calls_and_their_processor_time_is_counted() -> None:
    rounds: list[None] = []
    cost = measure(3, seconds=0.5, rounds=1, progress=lambda: rounds.append(None))
    assert cost.calls == 3
    assert cost.ours > 0
    assert cost.bare > 0
    assert len(rounds) == 2
