"""What hosts and a database carry, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lab.sizing.model import Evening, Limit, Model, Rates
from tests.ivr.lab.sizing.samples import FIGURES

MODEL = Model(FIGURES)
rates = st.builds(Rates, calls=st.floats(0.01, 1e4), logins=st.floats(0.01, 1e4), notices=st.floats(0.01, 1e4))


def test_a_host_can_use_what_it_used_when_it_gave_way_and_never_more_than_it_has() -> None:
    assert MODEL.usable_processors == pytest.approx(1.0)
    many = replace(FIGURES, calls=replace(FIGURES.calls, carried=1000))
    assert Model(many).usable_processors == 2.0


def test_a_host_whose_callers_and_database_are_elsewhere_carries_more_calls() -> None:
    most, limit = MODEL.most(Rates(calls=1), hosts=1)
    assert MODEL.calls_at_once(most.calls) == pytest.approx(250)  # of 0.004 of a processor each
    assert limit is Limit.HOSTS


def test_logins_are_limited_by_the_hosts_and_with_many_hosts_by_the_database() -> None:
    most, limit = MODEL.most(Rates(logins=1), hosts=1)
    assert most.logins == pytest.approx(20)
    assert limit is Limit.HOSTS
    most, limit = MODEL.most(Rates(logins=1), hosts=100)
    assert most.logins == pytest.approx(200)
    assert limit is Limit.DATABASE


def test_a_reader_is_one_process_however_many_processors_a_host_has() -> None:
    large = replace(FIGURES, processors=64, calls=replace(FIGURES.calls, carried=12_800))
    most, limit = Model(large).most(Rates(notices=1), hosts=1)
    assert most.notices == pytest.approx(250)
    assert limit is Limit.READERS


def test_the_trail_gives_way_where_the_database_has_processors_enough() -> None:
    cheap = replace(FIGURES, logins=replace(FIGURES.logins, database=0.0001))
    most, limit = Model(cheap).most(Rates(logins=1), hosts=1000)
    assert most.logins == pytest.approx(1000)
    assert limit is Limit.TRAIL


def test_an_evening_is_spread_over_its_hour() -> None:
    work = Evening(calls=0.5, logins=5, notices=300).rates(7_200_000)
    assert [work.calls, work.logins, work.notices] == pytest.approx([1, 10, 600])


@given(work=rates, load=st.floats(0.1, 1))
def test_so_many_hosts_are_needed_and_no_fewer(work: Rates, load: float) -> None:
    hosts = MODEL.hosts_for(work, load=load)
    ours = (Limit.HOSTS, Limit.READERS, Limit.SENDERS)
    assert all(MODEL.need(work, hosts=hosts).shares[limit] <= load * (1 + 1e-9) for limit in ours)
    if hosts > 1:
        fewer = MODEL.need(work, hosts=hosts - 1).shares
        assert any(fewer[limit] > load for limit in ours)


@given(work=rates, hosts=st.integers(1, 50))
def test_what_a_house_carries_at_most_takes_all_of_what_gives_way(work: Rates, hosts: int) -> None:
    most, limit = MODEL.most(work, hosts=hosts)
    need = MODEL.need(most, hosts=hosts)
    assert need.first is limit
    assert need.most == pytest.approx(1)
