"""A crowd is let in as far as the host has shown that it carries it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.vitals import Sign
from ivr.service.admission import FELT_S, FEWEST, FORGOTTEN_S, GROWTH, KEPT, QUIET_S, USED, Admission


class Door:
    """A door at which time passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.admission = Admission(clock=lambda: self.now)

    def passes(self, seconds: float, *, calls: int = 0, sign: Sign | None = None, asked: bool = False) -> None:
        """Time passes with as many calls; each second somebody else calls, if asked."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.admission.note(sign, calls)
            if asked:
                self.admission.takes(calls)

    @property
    def limit(self) -> int:
        assert self.admission.limit is not None
        return self.admission.limit


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_host_that_is_not_strained_takes_any_number(door: Door) -> None:
    door.passes(60, calls=1000)
    assert door.admission.takes(10_000)
    assert door.admission.limit is None
    assert door.admission.sign is None


def test_a_strained_host_takes_a_part_of_what_was_too_much(door: Door) -> None:
    door.passes(1, calls=300, sign=Sign.CLOCK)
    assert not door.admission.takes(300)
    assert not door.admission.takes(door.limit)
    assert door.admission.takes(door.limit - 1)
    assert door.limit == KEPT * 300
    assert door.admission.sign is Sign.CLOCK


def test_and_slowly_more_while_more_call_than_it_takes(door: Door) -> None:
    door.passes(1, calls=300, sign=Sign.STORE)
    door.passes(30, calls=300, asked=True)
    assert door.limit == pytest.approx(KEPT * 300 * (1 + GROWTH) ** 30, rel=0.01)


def test_but_not_while_the_limit_is_not_used(door: Door) -> None:
    door.passes(1, calls=300, sign=Sign.STORE)
    door.passes(30, calls=int(USED * KEPT * 300) - 1)
    assert door.limit == KEPT * 300


def test_when_nobody_was_turned_away_for_a_while_the_crowd_counts_as_gone_until_the_limit_is_met_again(
    door: Door,
) -> None:
    door.passes(1, calls=300, sign=Sign.STORE)
    door.passes(QUIET_S + 0.1, calls=0)
    assert door.admission.sign is None
    assert door.admission.takes(0)
    assert not door.admission.takes(door.limit)
    assert door.admission.sign is Sign.STORE


def test_a_strain_that_lasts_lowers_the_limit_again_when_that_could_have_been_felt(door: Door) -> None:
    door.passes(FELT_S - 0.1, calls=300, sign=Sign.STORE)
    assert door.limit == KEPT * 300
    door.passes(FELT_S, calls=250, sign=Sign.AUDIO)
    assert door.limit == pytest.approx(KEPT * KEPT * 300, abs=1)
    door.passes(FELT_S, calls=100, sign=Sign.AUDIO)
    assert door.limit == pytest.approx(KEPT * 100, abs=1)


@given(st.integers(0, 40), st.floats(0.1, 600))
def test_however_long_a_strain_lasted_the_limit_rises_again_while_more_call(calls: int, lasted_s: float) -> None:
    door = Door()
    door.passes(lasted_s, calls=calls, sign=Sign.MEMORY)
    assert door.limit >= FEWEST
    for _ in range(300):
        door.passes(1, calls=door.limit, asked=True)
    assert door.limit >= 2 * FEWEST


@given(
    st.lists(st.tuples(st.floats(0.1, 3), st.integers(0, 500), st.sampled_from([None, *Sign]), st.booleans())),
    st.integers(0, 500),
)
def test_whatever_happened_when_nobody_was_turned_away_for_a_while_there_is_no_limit(
    past: list[tuple[float, int, Sign | None, bool]], calls: int
) -> None:
    door = Door()
    for seconds, before, sign, asked in past:
        door.passes(seconds, calls=before, sign=sign, asked=asked)
    door.passes(QUIET_S + 0.1, calls=calls)
    assert door.admission.sign is None
    door.passes(FORGOTTEN_S, calls=calls)
    assert door.admission.limit is None


def test_a_crowd_of_twice_what_the_host_carries_neither_overruns_nor_empties_it(door: Door) -> None:
    """Each call lasts for 40 s, and most of it is felt after 20 s. An apology lasts for 6 s, and its caller calls again
    after 20 to 40 s. The host carries 300."""
    chance = Random(1)
    calls, apologies, again = [0.0], [0.0], [0.1 * caller for caller in range(600)]
    seen = []
    for _ in range(6000):
        door.now += 0.1
        again += [end + 0.1 for end in calls if end <= door.now]
        again += [end + chance.uniform(20, 40) for end in apologies if end <= door.now]
        calls, apologies = ([end for end in ends if end > door.now] for ends in (calls, apologies))
        felt = (len(calls) + 3 * sum(end - door.now < 20 for end in calls)) / 2.5 + len(apologies)
        door.admission.note(Sign.STORE if felt > 300 else None, len(calls))
        for _ in [caller for caller in again if caller <= door.now]:
            if door.admission.takes(len(calls)):
                calls.append(door.now + 40)
            else:
                apologies.append(door.now + 6)
        again = [caller for caller in again if caller > door.now]
        seen.append(len(calls))
    settled = seen[2000:]
    assert max(settled) < 300
    assert min(settled) > 100
    assert sum(settled) / len(settled) > 150
