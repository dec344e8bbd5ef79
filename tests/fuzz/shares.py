"""Shares the time of a run, or its inputs, among the targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

START_S: Final = 2.0
"""How long the start of a target takes, about: imports, and the inputs that are at hand."""
_SHORTEST_S: Final = 1.0
_BY_SPEED: Final = 0.7
"""Which part of the time goes to the targets by their speed; of the rest all have the same."""
_TO_SPARE: Final = 1.02


def next_share(left_s: float, targets_left: int) -> float:
    """Return for how many seconds the next target is fuzzed, of those that are left for it and the targets after it."""
    return max(left_s / targets_left - START_S, _SHORTEST_S)


def shares_by_speed(inputs: int, speeds: Sequence[float]) -> list[float]:
    """Return for how many seconds to fuzz each target, so that all together are given a number of inputs.

    Args:
        inputs: how many.
        speeds: how many inputs a second each target takes.
    """
    total = sum(speeds)
    if inputs <= 0 or total <= 0:
        return [0.0] * len(speeds)
    weights = [_BY_SPEED * speed / total + (1 - _BY_SPEED) / len(speeds) for speed in speeds]
    a_second = sum(weight * speed for weight, speed in zip(weights, speeds, strict=True))
    return [max(_TO_SPARE * inputs / a_second * weight, _SHORTEST_S) for weight in weights]
