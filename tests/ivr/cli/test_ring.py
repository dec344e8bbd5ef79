"""`ivr ring` on a terminal: what it takes, and what it says of what it does not take."""

from __future__ import annotations

import inspect

import pytest
import typer

from ivr.cli import ring
from ivr.exchange.sample_subscribers import NUISANCE, SUBSCRIBERS
from ivr.lab import ring as lab
from ivr.lab.place_call import Origin
from ivr.telephony.ami.messages import AmiEvents
from notice.journal.caller import Reason


def test_its_help_names_each_sample_subscriber_and_the_nuisance() -> None:
    text = f"{inspect.signature(ring.ring)}{ring.ring.__doc__}"
    assert [each.number for each in SUBSCRIBERS if each.number not in text] == []
    assert NUISANCE in text
    assert ring._LONGEST_S == lab.LONGEST_S


@pytest.mark.parametrize(
    ("read", "typed", "says"),
    [
        (ring._subscriber, "03-1234-0000", r"03-1234-0000 is no sample subscriber.*0312345680 is busy"),
        (ring._subscriber, "12", "write 10 or 11 digits"),
        (ring._caller, "someone", "write 10 or 11 digits"),
        (ring._reason, "phonebox", "'phonebox' is no reason: write withheld, payphone, service_conflict, unavailable"),
    ],
)
def test_a_value_that_it_cannot_use_is_named_with_what_to_write(read: object, typed: str, says: str) -> None:
    assert callable(read)
    with pytest.raises(typer.BadParameter, match=says):
        read(typed)


def test_it_takes_numbers_with_hyphens_and_each_reason() -> None:
    assert ring._subscriber("03-1234-5679") == "0312345679"
    assert [ring._reason(reason) for reason in Reason] == list(Reason)
    assert ring._reason(None) is None


def test_a_withheld_number_travels_with_privacy_and_other_reasons_as_a_name_without_a_number() -> None:
    assert lab._presented("0459876543", None) == {
        "CONNECTEDLINE(num)": "0459876543",
        "CONNECTEDLINE(name)": "",
        "CONNECTEDLINE(pres)": "allowed",
    }
    withheld = lab._presented("0459876543", Reason.WITHHELD)
    assert (withheld["CONNECTEDLINE(num)"], withheld["CONNECTEDLINE(pres)"]) == ("0459876543", "prohib")
    for reason in set(Reason) - {Reason.WITHHELD}:
        assert lab._presented("0459876543", reason)["CONNECTEDLINE(num)"] == "anonymous"
        assert lab._presented("0459876543", reason)["CONNECTEDLINE(name)"] == lab.DISPLAY_NAMES[reason]


async def test_only_the_event_of_its_own_call_counts_and_one_that_does_not_come_is_not_waited_for() -> None:
    events = AmiEvents("127.0.0.1", 1, "nobody", "no-secret", "UserEvent")
    for mark, state in (("other", "rings"), ("ours", "over"), ("ours", "rings")):
        events._events.put_nowait(
            {"UserEvent": "KaripassRing", "TestCall": mark, "Call": f"{mark}-1.2", "State": state}
        )
    assert await lab._state(events, "ours", "rings", 1.0) == "ours-1.2"
    assert await lab._state(events, "ours", "over", 0.05) is None


def test_its_origin_is_that_of_other_test_calls() -> None:
    assert inspect.signature(lab.ring).parameters["origin"].annotation == Origin.__name__
