"""A host that is behind turns new calls away, and takes them again when it has caught up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.media.clock import TICK_S, Tick
from ivr.records.vitals import Sign
from ivr.service.strain import BEHIND_S, FEW_CALLS, RELIEF_S, Strain


class Host:
    """A host whose clock ticks when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.behind_s = 0.0
        self.free = 0.5
        self.strain = Strain(lambda: self.behind_s, memory=lambda: self.free, clock=lambda: self.now)

    def runs(self, seconds: float, *, late_s: float = 0.0, calls: int = 100, overdue: int = 0) -> Sign | None:
        end = self.now + seconds
        while self.now < end:
            self.now += TICK_S + late_s
            self.strain.ticked(Tick(late_s, calls, overdue))
        return self.strain.sign


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_host_that_keeps_time_takes_calls(host: Host) -> None:
    assert host.runs(60) is None


def standstill(host: Host, seconds: float) -> None:
    """The host stands still once. The clock makes up for it, tick by tick, and finds no more audio meanwhile."""
    for made_up in range(round(seconds / TICK_S)):
        host.now += seconds if made_up == 0 else 0.001
        host.strain.ticked(Tick(seconds - made_up * (TICK_S - 0.001), 100, 100 if made_up else 0))


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.5])
def test_a_single_standstill_turns_nobody_away(host: Host, seconds: float) -> None:
    host.runs(10)
    standstill(host, seconds)
    assert host.strain.sign is None
    assert host.runs(10) is None


def test_standstills_one_after_the_other_do(host: Host) -> None:
    for _ in range(20):
        host.runs(0.1)
        standstill(host, 0.1)
    assert host.strain.sign is Sign.CLOCK


@pytest.mark.parametrize(
    ("sign", "worsen"),
    [
        (Sign.CLOCK, lambda host: host.runs(5, late_s=0.03)),
        (Sign.AUDIO, lambda host: host.runs(2, overdue=60)),
        (Sign.STORE, lambda host: setattr(host, "behind_s", 2 * BEHIND_S)),
        (Sign.MEMORY, lambda host: setattr(host, "free", 0.01)),
    ],
    ids=[sign.value for sign in Sign],
)
def test_each_sign_alone_is_enough_and_when_it_is_gone_calls_are_taken_again(
    host: Host, sign: Sign, worsen: Callable[[Host], object]
) -> None:
    host.runs(10)
    worsen(host)
    assert (host.strain.sign or host.runs(1.1)) is sign
    host.behind_s, host.free = 0.0, 0.5
    assert host.runs(1.0) is sign
    assert host.runs(RELIEF_S + 4.0) is None


def test_what_is_only_a_little_better_is_not_relief(host: Host) -> None:
    host.behind_s = 2 * BEHIND_S
    host.runs(5)
    host.behind_s = 0.9 * BEHIND_S
    assert host.runs(30) is Sign.STORE


def test_what_happens_with_few_calls_is_not_the_calls_doing(host: Host) -> None:
    assert host.runs(30, calls=1, overdue=1) is None
    host.behind_s = 10 * BEHIND_S
    assert host.runs(30, late_s=0.1, calls=FEW_CALLS - 1, overdue=FEW_CALLS - 1) is None


def test_fifty_passwords_at_once_turn_nobody_away(host: Host) -> None:
    """Two processors hash them within 0.7 s."""
    for _ in range(7):
        host.behind_s += 0.1
        host.runs(0.1)
    host.behind_s = 0.0
    assert host.runs(5) is None


@given(st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 400), st.floats(0, 1)), max_size=300))
def test_whatever_happened_a_host_that_has_caught_up_takes_calls_within_ten_seconds(
    ticks: list[tuple[float, int, float]],
) -> None:
    host = Host()
    for late_s, calls, share in ticks:
        host.now += TICK_S + late_s
        host.strain.ticked(Tick(late_s, calls, int(calls * share)))
    assert host.runs(10) is None
