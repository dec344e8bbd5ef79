"""Calls in which a password was once stored that was not the typed one."""

from __future__ import annotations

import pytest

from tests.many_calls import run

OVERDRIVEN_WITH_ITS_ECHO = 1877
ECHO_BEHIND_A_HOLE = 2494
SOMEWHAT_OVERDRIVEN_WITH_ITS_ECHO = 107753
ECHO_UP_TO_THE_NEXT_PRESS = 106483


@pytest.mark.parametrize(
    "seed", [OVERDRIVEN_WITH_ITS_ECHO, ECHO_BEHIND_A_HOLE, SOMEWHAT_OVERDRIVEN_WITH_ITS_ECHO, ECHO_UP_TO_THE_NEXT_PRESS]
)
def test_what_is_stored_is_what_was_typed(seed: int) -> None:
    (went,) = run(range(seed, seed + 1))
    assert went.right is True


def test_calls_on_bad_lines_get_through_or_are_told_why() -> None:
    endings = [went.ending for went in run(range(20))]
    assert endings.count("set (set)") >= 18
    assert {ending.partition(" ")[0] for ending in endings} <= {"set", "failed"}
