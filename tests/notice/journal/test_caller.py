"""Who calls, and why there is no number: what Asterisk 22.10.1 was seen to make of each header."""

from __future__ import annotations

import time

import pytest

from notice.journal.caller import Caller, Presented, Reason, caller_of
from tests.notice.journals import CALLER

WITHHELD, PROHIBITED, ALLOWED = "anonymous", "prohib_not_screened", "allowed_not_screened"
NAMES = {
    "Anonymous": Reason.WITHHELD,
    "Coin line/payphone": Reason.PAYPHONE,
    "Interaction with other service": Reason.SERVICE_CONFLICT,
    "Unavailable": Reason.UNAVAILABLE,
    "unknown": Reason.UNAVAILABLE,
}


def sender(name: str) -> str:
    return f'"{name}" <sip:anonymous@anonymous.invalid>;tag=1'


@pytest.mark.parametrize(("name", "reason"), NAMES.items())
def test_the_reason_is_from_the_display_name_with_an_asserted_number_and_without(name: str, reason: Reason) -> None:
    asserted = Presented(number=CALLER, presentation=PROHIBITED, sender=sender(name), privacy="id")
    alone = Presented(number=WITHHELD, presentation=ALLOWED, name=name, sender=sender(name))
    elsewhere = Presented(number="", presentation="unavailable", name=name)
    for presented in (asserted, alone, elsewhere):
        assert caller_of(presented) == Caller("", reason)


def test_a_number_that_is_shown_is_the_caller() -> None:
    assert caller_of(Presented(number=CALLER, presentation=ALLOWED, sender=f"<sip:{CALLER}@x>")) == Caller(CALLER)
    assert caller_of(Presented(number="+81459876543", presentation="allowed")) == Caller(CALLER)
    assert caller_of(Presented(number="+14155550100", presentation="allowed")) == Caller("+14155550100")


@pytest.mark.parametrize(
    "presented",
    [
        Presented(number=CALLER, presentation=PROHIBITED),
        Presented(number=CALLER, presentation=ALLOWED, privacy="id"),
        Presented(number=CALLER, presentation=ALLOWED, privacy="noneuser;id"),
        Presented(number=CALLER, presentation=ALLOWED, sender='"Ann" <sip:anonymous@anonymous.invalid>'),
        Presented(number="Anonymous", presentation=ALLOWED),
    ],
)
def test_privacy_withholds_the_number_wherever_it_stands(presented: Presented) -> None:
    assert caller_of(presented) == Caller("", Reason.WITHHELD)


@pytest.mark.parametrize("number", ["", "unknown", "ann", "12", "1" * 21, "0312345678;x=1"])
def test_what_is_no_number_is_not_available(number: str) -> None:
    assert caller_of(Presented(number=number, presentation=ALLOWED)) == Caller("", Reason.UNAVAILABLE)


def test_a_name_that_was_cut_still_tells_the_reason() -> None:
    cut = Presented(number=CALLER, presentation=PROHIBITED, sender='"Coin line/payphone')
    assert caller_of(cut) == Caller("", Reason.PAYPHONE)


def test_no_other_name_is_believed_or_kept() -> None:
    caller = caller_of(Presented(number=CALLER, presentation=ALLOWED, name="The bank", sender='"The bank" <sip:1@x>'))
    assert caller == Caller(CALLER)


@pytest.mark.parametrize(
    "header",
    [
        f'"hi@anonymous.invalid" <sip:{CALLER}@x>',
        f'"sip:anonymous@x" <sip:{CALLER}@x>',
        f"sip:anonymous <sip:{CALLER}@x>",
    ],
)
def test_what_callers_call_themselves_does_not_withhold_their_number(header: str) -> None:
    assert caller_of(Presented(number=CALLER, presentation=ALLOWED, sender=header)) == Caller(CALLER)


@pytest.mark.parametrize("header", [" " * 16_000, "<" + " " * 16_000, "\t " * 4000 + "<" + " " * 8000])
def test_a_header_of_blanks_takes_no_time(header: str) -> None:
    began = time.process_time()
    caller_of(Presented(number=CALLER, presentation=ALLOWED, sender=header))
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("header", ["sip:anonymous@x", "<sips:anonymous@x>", '"A" <sip:x@anonymous.invalid>;tag=1'])
def test_an_address_that_names_nobody_withholds_it(header: str) -> None:
    presented = Presented(number=CALLER, presentation=ALLOWED, sender=header)
    assert caller_of(presented) == Caller("", Reason.WITHHELD)
