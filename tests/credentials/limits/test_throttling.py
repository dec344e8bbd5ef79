"""Limits of calls per number and line, across calls and hosts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from credentials.audit import Action
from credentials.errors import TooManyCalls
from credentials.limits.throttling import CallLimits
from credentials.model import Line, Refusal, Unit
from credentials.store import CredentialStore
from tests.credentials.stores import check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
FOURTH, FIFTH = "0312345681", "0312345682"
PASSWORD = "13572468"
LIMITS = CallLimits(sets_per_hour=3, failed_calls=3, refused_for=timedelta(minutes=20))


@pytest.fixture
def hosts(store: CredentialStore, open_store: Callable[..., CredentialStore]) -> list[CredentialStore]:
    """Return the stores of two hosts with one database."""
    return [open_store(limits=LIMITS), open_store(limits=LIMITS)]


def set_password(store: CredentialStore, call_id: str, caller: str = CONTRACT) -> None:
    store.set_temporary_password(caller=caller, target=CONTRACT, unit=Unit.LINE, password=PASSWORD, call_id=call_id)


class TestFailedCalls:
    """docs/rules.md 4.1"""

    def test_after_too_many_at_any_host_the_number_is_refused_for_a_time(
        self, hosts: list[CredentialStore], clock: Any
    ) -> None:
        one, other = hosts
        assert one.note_failed_call(CONTRACT, call_id="1") is None
        assert other.note_failed_call(CONTRACT, call_id="2") is None
        assert isinstance(one.admit(CONTRACT), Line)
        assert one.note_failed_call(CONTRACT, call_id="3") == clock() + timedelta(minutes=20)
        assert {host.admit(CONTRACT) for host in hosts} == {Refusal.THROTTLED}
        assert isinstance(one.admit(OTHER), Line)
        clock.advance(minutes=20, microseconds=-1)
        assert one.admit(CONTRACT) is Refusal.THROTTLED
        clock.advance(microseconds=1)
        assert isinstance(one.admit(CONTRACT), Line)

    def test_the_other_numbers_of_the_line_and_its_holder_are_let_in(self, hosts: list[CredentialStore]) -> None:
        for call in "123":
            hosts[0].note_failed_call(SECOND, call_id=call)
        assert hosts[0].admit(SECOND) is Refusal.THROTTLED
        assert isinstance(hosts[0].admit(CONTRACT), Line)
        assert isinstance(hosts[0].admit(THIRD), Line)

    def test_three_times_as_many_of_a_line_refuse_its_additional_numbers_and_not_its_holder(
        self, hosts: list[CredentialStore]
    ) -> None:
        hosts[0].add_number(FOURTH, to=CONTRACT)
        hosts[0].add_number(FIFTH, to=CONTRACT)
        for number in (CONTRACT, SECOND, THIRD, FOURTH):
            for call in "12":
                assert hosts[0].note_failed_call(number, call_id=f"{number}-{call}") is None
        assert isinstance(hosts[0].admit(FIFTH), Line)
        assert hosts[0].note_failed_call(FIFTH, call_id="9") is not None
        assert {hosts[0].admit(number) for number in (SECOND, FOURTH, FIFTH)} == {Refusal.THROTTLED}
        assert isinstance(hosts[0].admit(CONTRACT), Line)
        assert hosts[0].audit_records(last=1)[0].action == Action.LINE_REFUSED

    def test_the_count_then_starts_anew(self, hosts: list[CredentialStore], clock: Any) -> None:
        for call in "123":
            hosts[0].note_failed_call(CONTRACT, call_id=call)
        clock.advance(minutes=20)
        assert hosts[0].note_failed_call(CONTRACT, call_id="4") is None
        assert hosts[0].note_failed_call(CONTRACT, call_id="5") is None
        assert hosts[0].note_failed_call(CONTRACT, call_id="6") is not None

    def test_a_call_counts_once_and_for_an_hour(self, hosts: list[CredentialStore], clock: Any) -> None:
        for call in "112":
            hosts[0].note_failed_call(CONTRACT, call_id=call)
        assert isinstance(hosts[0].admit(CONTRACT), Line)
        clock.advance(hours=1)
        assert hosts[0].note_failed_call(CONTRACT, call_id="3") is None
        assert isinstance(hosts[0].admit(CONTRACT), Line)

    def test_a_call_that_was_let_in_before_sets_nothing_after(self, hosts: list[CredentialStore]) -> None:
        for call in "123":
            hosts[0].note_failed_call(CONTRACT, call_id=call)
        with pytest.raises(TooManyCalls, match="call again later"):
            set_password(hosts[1], "4")
        assert not check(hosts[0], CONTRACT, PASSWORD).accepted

    def test_a_number_that_comes_to_another_line_leaves_it_behind(self, hosts: list[CredentialStore]) -> None:
        for call in "123":
            hosts[0].note_failed_call(SECOND, call_id=call)
        hosts[0].move_number(SECOND, to=OTHER)
        assert isinstance(hosts[0].admit(SECOND), Line)

    def test_unlocking_ends_it(self, hosts: list[CredentialStore]) -> None:
        for call in "123":
            hosts[0].note_failed_call(CONTRACT, call_id=call)
        hosts[1].unlock_line(CONTRACT)
        assert isinstance(hosts[0].admit(CONTRACT), Line)

    @pytest.mark.parametrize("caller", ["", "anonymous", "0799999999"])
    def test_a_caller_of_no_line_counts_nowhere(self, hosts: list[CredentialStore], caller: str) -> None:
        records = len(hosts[0].audit_records())
        assert hosts[0].note_failed_call(caller, call_id="1") is None
        assert len(hosts[0].audit_records()) == records

    def test_it_is_on_record(self, hosts: list[CredentialStore]) -> None:
        for call in "123":
            hosts[0].note_failed_call(SECOND, call_id=call)
        told = [(record.action, record.actor, record.number) for record in hosts[0].audit_records(last=2)]
        assert told == [(Action.CALL_FAILED, SECOND, CONTRACT), (Action.NUMBER_REFUSED, SECOND, SECOND)]


class TestSets:
    """docs/rules.md 4.2"""

    def test_a_number_sets_so_many_in_an_hour_and_then_again(self, hosts: list[CredentialStore], clock: Any) -> None:
        for call in "123":
            assert isinstance(hosts[0].admit(SECOND), Line)
            set_password(hosts[0], call, SECOND)
            clock.advance(minutes=10)
        assert hosts[1].admit(SECOND) is Refusal.THROTTLED
        with pytest.raises(TooManyCalls):
            set_password(hosts[1], "4", SECOND)
        for number in (CONTRACT, THIRD, OTHER):
            assert isinstance(hosts[1].admit(number), Line)
        clock.advance(minutes=30)
        assert isinstance(hosts[1].admit(SECOND), Line)
        set_password(hosts[1], "4", SECOND)

    def test_three_times_as_many_of_a_line_are_the_most(self, hosts: list[CredentialStore]) -> None:
        hosts[0].add_number(FOURTH, to=CONTRACT)
        for number in (CONTRACT, SECOND, THIRD):
            for call in "123":
                set_password(hosts[0], f"{number}-{call}", number)
        assert hosts[0].admit(FOURTH) is Refusal.THROTTLED

    def test_a_request_that_was_refused_or_taken_back_does_not_count(self, hosts: list[CredentialStore]) -> None:
        for call in "1234":
            with pytest.raises(Exception, match="took its request back"):
                hosts[0].set_temporary_password(
                    caller=CONTRACT,
                    target=CONTRACT,
                    unit=Unit.LINE,
                    password=PASSWORD,
                    call_id=call,
                    still_wanted=lambda: False,
                )
        assert isinstance(hosts[0].admit(CONTRACT), Line)


@pytest.mark.parametrize("wrong", [{"sets_per_hour": 0}, {"failed_calls": -1}, {"refused_for": timedelta(0)}], ids=str)
def test_limits_that_would_refuse_everybody_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        CallLimits(**wrong)
