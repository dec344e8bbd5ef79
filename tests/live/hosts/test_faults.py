"""A house of two hosts is broken under calls, and everybody's intent is compared with the store."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from ivr.lab.faults.every import EVERY
from ivr.lab.faults.run import run_faults
from ivr.lab.faults.toll import NEVER, Toll

pytestmark = [pytest.mark.alone, pytest.mark.needs("kamailio", "nftables", "postgresql", "tcc")]


DONE = ("a worker is killed", "PostgreSQL's host vanishes, its replica takes over")


def wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@pytest.fixture(scope="module")
def tolls() -> Mapping[str, Toll]:
    faults = [fault for fault in EVERY if fault.name in DONE]
    result = run_faults(faults, calls=12, between_s=15, seed=3, ramp_s=10, stage=lambda _: None, wait=wait)
    return {toll.period.fault: toll for toll in result.tolls}


def test_callers_whose_worker_is_killed_are_told_nothing_that_is_not_so_and_the_next_ones_get_through(
    tolls: Mapping[str, Toll],
) -> None:
    toll = tolls[DONE[0]]
    assert not any(toll.truths.get(truth) for truth in NEVER)
    assert toll.concerned
    assert sum(each.calls for each in tolls.values()) >= 12
    assert sum(each.concerned for each in tolls.values()) < sum(each.calls for each in tolls.values())


def test_a_replica_takes_over_and_nothing_is_lost_that_anybody_was_told(tolls: Mapping[str, Toll]) -> None:
    toll = tolls[DONE[1]]
    assert not any(toll.truths.get(truth) for truth in NEVER)
    assert toll.concerned < toll.calls
    assert sum(toll.login_problems.values()) < toll.logins
