"""Who is mailed about a call, and which rule keeps a mail back (docs/rules.md 7.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller, Reason
from notice.journal.lines import Service
from notice.rules import Decision, Why, decide
from notice.settings.model import Address, Listed, Settings
from tests.notice.journals import CALLER, NUMBER, START

FIRST, SECOND = "ann@example.jp", "ben@example.jp"
CHOSEN = Settings(started=True, version="1", addresses=(Address(address=FIRST), Address(address=SECOND, ticked=False)))
CALL = Verdict(
    call="1.1", number=NUMBER, caller=Caller(CALLER), began_at=START, ringing_ms=4000, result=Result.NOT_ANSWERED
)
WITHHELD = replace(CALL, caller=Caller("", Reason.WITHHELD))
MAILED = Decision(Why.MAILED, (FIRST,))


def listing(*listed: Listed) -> Settings:
    return replace(CHOSEN, only_listed=True, listed=listed)


@pytest.mark.parametrize("result", [Result.ANSWERED, Result.NOT_ANSWERED, Result.BUSY, Result.FORWARDED])
def test_a_call_mails_to_the_addresses_that_are_ticked_whatever_became_of_it(result: Result) -> None:
    assert decide(replace(CALL, result=result), CHOSEN) == MAILED


def test_a_withheld_call_mails_too() -> None:
    assert decide(WITHHELD, CHOSEN) == MAILED


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (replace(CALL, result=Result.REFUSED, service=Service.ANONYMOUS), Why.ANONYMOUS_REJECTED),
        (replace(CALL, result=Result.REFUSED, service=Service.NUISANCE), Why.NUISANCE_REJECTED),
        (replace(CALL, result=Result.FORWARDING_FAILED), Why.FORWARDING_FAILED),
    ],
)
def test_what_another_service_kept_from_the_number_does_not_mail(call: Verdict, why: Why) -> None:
    assert decide(call, CHOSEN) == Decision(why)


def test_a_number_without_the_service_or_that_has_stopped_it_gets_no_mail() -> None:
    assert decide(CALL, Settings()) == Decision(Why.NOT_CHOSEN)
    assert decide(CALL, replace(CHOSEN, started=False)) == Decision(Why.STOPPED)


def test_only_from_listed_numbers_takes_those_that_are_ticked() -> None:
    assert decide(CALL, listing(Listed(number=CALLER))) == MAILED
    assert decide(CALL, listing(Listed(number=CALLER, ticked=False))) == Decision(Why.NOT_LISTED)
    assert decide(CALL, listing(Listed(number="0399999999"))) == Decision(Why.NOT_LISTED)
    assert decide(CALL, listing()) == Decision(Why.NOT_LISTED)
    abroad = replace(CALL, caller=Caller("+14155550100"))
    assert decide(abroad, listing(Listed(number="14155550100"))) == MAILED


@pytest.mark.parametrize("reason", Reason)
def test_only_from_listed_numbers_never_takes_a_call_without_a_number(reason: Reason) -> None:
    call = replace(CALL, caller=Caller("", reason))
    assert decide(call, listing(Listed(number=CALLER), Listed(number=""))) == Decision(Why.NO_CALLER_NUMBER)


def test_only_unanswered_keeps_back_what_the_own_phones_answered_and_nothing_else() -> None:
    chosen = replace(CHOSEN, only_unanswered=True)
    assert decide(replace(CALL, result=Result.ANSWERED), chosen) == Decision(Why.ANSWERED)
    for result in (Result.NOT_ANSWERED, Result.BUSY, Result.FORWARDED):
        assert decide(replace(CALL, result=result), chosen) == MAILED


def test_without_an_address_to_use_there_is_no_mail() -> None:
    paused = Address(address=FIRST, paused_at=START)
    assert decide(CALL, replace(CHOSEN, addresses=())) == Decision(Why.NO_ADDRESS)
    assert decide(CALL, replace(CHOSEN, addresses=(Address(address=FIRST, ticked=False),))) == Decision(Why.NO_ADDRESS)
    assert decide(CALL, replace(CHOSEN, addresses=(paused,))) == Decision(Why.PAUSED)
    both = replace(CHOSEN, addresses=(paused, Address(address=SECOND)))
    assert decide(CALL, both) == Decision(Why.MAILED, (SECOND,))


def test_a_mail_may_wait_for_more_calls_of_the_same_caller() -> None:
    assert decide(CALL, replace(CHOSEN, together=True)) == Decision(Why.WAITS, (FIRST,))


@given(
    st.builds(
        Settings,
        started=st.booleans(),
        only_listed=st.booleans(),
        only_unanswered=st.booleans(),
        together=st.booleans(),
        addresses=st.lists(
            st.builds(Address, address=st.just(FIRST), ticked=st.booleans(), paused_at=st.sampled_from([None, START]))
        ),
        listed=st.lists(st.builds(Listed, number=st.sampled_from([CALLER, "0399999999"]), ticked=st.booleans())),
        version=st.sampled_from(["", "1"]),
    ),
    st.sampled_from(Result),
    st.sampled_from([Caller(CALLER), *(Caller("", reason) for reason in Reason)]),
)
def test_whoever_is_mailed_has_an_address_in_use_and_wanted_this_call(
    chosen: Settings, result: Result, caller: Caller
) -> None:
    service = Service.NUISANCE if result is Result.REFUSED else None
    decision = decide(replace(CALL, result=result, caller=caller, service=service), chosen)
    assert bool(decision.addresses) == (decision.why in (Why.MAILED, Why.WAITS))
    if decision.addresses:
        assert chosen.version
        assert chosen.started
        assert result not in (Result.REFUSED, Result.FORWARDING_FAILED)
        assert not (chosen.only_unanswered and result is Result.ANSWERED)
        assert not chosen.only_listed or chosen.lists(caller.number)
        assert len(decision.addresses) == sum(address.is_used for address in chosen.addresses)


def test_no_repr_shows_an_address() -> None:
    assert FIRST not in repr(decide(CALL, CHOSEN)) + repr(CHOSEN)
