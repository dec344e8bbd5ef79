"""`ivr lab faults`, as far as it goes without a house."""

from __future__ import annotations

from ivr.cli.lab import row_of
from ivr.lab.faults.toll import Heard, Period, Toll, Truth
from tests.ivr.cli.commands import ivr

PERIOD = Period(fault="an Asterisk is killed", began=100.0, ended=110.0, over=150.0)


def toll(**values: object) -> Toll:
    whole = {"calls": 40, "concerned": 3, "heard": {Heard.SILENCE: 2, Heard.BUSY: 1}, "truths": {Truth.UNTOLD: 1}}
    times = {"new_calls_failed_s": 2.4, "whole_again_s": 0.0}
    logins = {"logins": 50, "login_problems": {"the login: status 503": 2, "NoSite": 1}}
    return Toll(period=PERIOD, **(whole | times | logins | values))  # type: ignore[arg-type]


def test_a_row_says_what_a_fault_cost() -> None:
    heard = "2 guidance that broke off, 1 a busy tone"
    assert row_of(toll()) == ["an Asterisk is killed", "40", "3", heard, "1", "0", "0", "2 s", "0 s", "50", "3"]


def test_a_fault_that_nobody_noticed_has_a_dash() -> None:
    assert row_of(toll(concerned=0, heard={}, truths={}))[3:7] == ["-", "0", "0", "0"]


def test_a_word_that_no_fault_has_is_answered_with_their_names() -> None:
    refused = ivr("lab", "faults", "--only", "earthquake")
    assert refused.exit_code == 2
    assert "no fault has earthquake in its name; there are: a worker is killed;" in refused.stderr
