"""A house of two hosts is broken under calls, and everybody's intent is compared with the store."""

from __future__ import annotations

import time

import pytest

from ivr.lab.faults.every import EVERY
from ivr.lab.faults.run import run_faults
from ivr.lab.faults.toll import Truth

pytestmark = [pytest.mark.alone, pytest.mark.needs("kamailio", "nftables", "postgresql")]


def test_callers_whose_worker_is_killed_are_told_nothing_that_is_not_so_and_the_next_ones_get_through() -> None:
    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    killed = [fault for fault in EVERY if fault.name == "a worker is killed"]
    result = run_faults(killed, calls=12, between_s=20, seed=3, ramp_s=10, stage=lambda _: None, wait=wait)
    (toll,) = result.tolls
    assert result.passed
    assert not toll.truths.get(Truth.LOST)
    assert toll.calls >= 12
    assert 0 < toll.concerned < toll.calls
