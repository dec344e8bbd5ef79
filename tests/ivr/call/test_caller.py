"""The caller is the number that the network asserts, or nobody; then the call says why (docs/rules.md 2.1)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from ivr.call.caller import Caller, Presented, caller_from_network, number_of
from ivr.call.dialogue.events import RefusalReason

WITHHELD = Caller(None, RefusalReason.WITHHELD)
PAYPHONE = Caller(None, RefusalReason.PAYPHONE)
UNKNOWN = Caller(None, RefusalReason.UNKNOWN)
LINE = Caller("0312345678")
FROM_LINE = "<sip:0312345678@carrier.example>;tag=1"


def caller(
    number: str | None = "0312345678",
    presentation: str | None = "allowed_not_screened",
    *,
    privacy: Sequence[str] = (),
    sender: str | None = None,
    asserted: Sequence[str] | None = None,
) -> Caller:
    return caller_from_network(
        Presented(number=number, presentation=presentation, privacy=privacy, sender=sender, asserted=asserted)
    )


@pytest.mark.parametrize(
    ("number", "presentation", "expected"),
    [
        ("0312345678", "allowed_not_screened", LINE),
        ("+81312345678", "allowed_passed_screen", LINE),
        ("0312345678", "prohib_not_screened", WITHHELD),
        ("0312345678", "prohib", WITHHELD),
        (None, "prohib", WITHHELD),
        (None, "unavailable", UNKNOWN),
        ("0312345678", "unavailable", UNKNOWN),
        ("", "allowed", UNKNOWN),
        ("anonymous", "allowed", WITHHELD),
        ("0312345678", None, UNKNOWN),
    ],
)
def test_a_number_counts_only_where_the_network_presents_it(
    number: str | None, presentation: str | None, expected: Caller
) -> None:
    assert caller(number, presentation) == expected


@pytest.mark.parametrize(
    ("privacy", "expected"),
    [
        (["none"], LINE),
        (["id"], WITHHELD),
        (["none", "id"], WITHHELD),
        (["id", "none"], WITHHELD),
        (["critical; ID"], WITHHELD),
        (["user"], WITHHELD),
        (["header;session"], LINE),
        (["identity"], LINE),
        ([], LINE),
    ],
)
def test_privacy_withholds_whichever_header_asks_for_it(privacy: list[str], expected: Caller) -> None:
    assert caller(privacy=privacy) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('"Anonymous" ', WITHHELD),
        ("Anonymous ", WITHHELD),
        ('"Coin line/payphone" ', PAYPHONE),
        ('"coin line/payphone"', PAYPHONE),
        ('"Interaction with other service" ', UNKNOWN),
        ('"Unavailable" ', UNKNOWN),
        ('"Some \\"body\\"" ', WITHHELD),
        ("", WITHHELD),
    ],
)
def test_the_name_of_an_anonymous_caller_tells_why_there_is_no_number(name: str, expected: Caller) -> None:
    sender = f"{name}<sip:anonymous@anonymous.invalid>;tag=1"
    assert caller("anonymous", sender=sender) == expected
    assert caller("anonymous", sender=sender, asserted=[]) == expected


def test_a_payphone_whose_number_only_the_network_knows_is_a_payphone() -> None:
    sender = '"Coin line/payphone" <sip:anonymous@anonymous.invalid>;tag=1'
    assert caller("0311112222", "prohib_not_screened", privacy=["id"], sender=sender) == PAYPHONE


def test_without_an_asserted_number_from_counts_whatever_else_asterisk_believed() -> None:
    """Asterisk takes Remote-Party-ID before From."""
    assert caller("0399999999", sender=FROM_LINE, asserted=[]) == LINE


@pytest.mark.parametrize(
    "asserted",
    [
        ["<sip:0312345678@carrier.example>"],
        ['"Hanako, <of> \\"Osaka" <sip:+81312345678@carrier.example;user=phone>'],
        ["<sip:0312345678@carrier.example>", "<tel:+81312345678>"],
        ["<sip:0312345678@carrier.example>, <tel:+81312345678>"],
        ["<sip:hanako@carrier.example>,<tel:+81-3-1234-5678>"],
        ['"0399999999, <sip:0399999999@x>" <sip:hanako@carrier.example>', "<tel:0312345678;phone-context=+81>"],
        ["<sip:hanako,taro@carrier.example> , tel:+81312345678"],
    ],
)
@pytest.mark.parametrize("presentation", ["allowed_not_screened", "unavailable"])
def test_an_asserted_number_counts_whatever_asterisk_made_of_it_and_whatever_stands_in_from(
    asserted: list[str], presentation: str
) -> None:
    sender = "<sip:0399999999@carrier.example>;tag=1"
    assert caller("0399999999", presentation, sender=sender, asserted=asserted) == LINE


@pytest.mark.parametrize("asserted", [["<sip:hanako@carrier.example>"], ["x"], ["<sip:12@x>,<tel:110>"]])
def test_where_no_number_of_a_line_is_asserted_from_does_not_count(asserted: list[str]) -> None:
    found = caller("0399999999", sender="<sip:0399999999@carrier.example>", asserted=asserted)
    assert (found.number, found.refusal) == (None, RefusalReason.UNKNOWN)


def test_an_asserted_number_is_withheld_all_the_same() -> None:
    two = ["<sip:0312345678@carrier.example>, <tel:+81312345678>"]
    assert caller("anonymous", "prohib_not_screened", asserted=two) == WITHHELD
    assert caller("0399999999", privacy=["id"], asserted=two) == WITHHELD


@pytest.mark.parametrize(
    "sender",
    [
        "sip:0312345678@carrier.example;tag=1",
        '"0399999999 <sip:0399999999@x>" <sip:0312345678@carrier.example>;tag=1',
        "Hanako <sip:+81312345678@carrier.example;user=phone>;tag=1",
        "<SIPS:0312345678;phone-context=+81@carrier.example>",
        "<tel:+81-3-1234-5678>;tag=1",
        "<sip:%30312345678@carrier.example>",
    ],
)
def test_the_number_in_from_is_found_however_it_is_written(sender: str) -> None:
    assert caller("anything", sender=sender, asserted=[]) == LINE


@pytest.mark.parametrize(
    "sender", [None, "", "<>", "<sip:carrier.example>", '"unended <sip:', "<mailto:a@b>", "\udcff"]
)
def test_a_from_without_a_number_is_no_number(sender: str | None) -> None:
    assert caller("0312345678", sender=sender, asserted=[]) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "0312345678",
        "81312345678",
        "0081312345678",
        "010-81-3-1234-5678",
        "tel:+81312345678",
        "tel:+81-3-1234-5678;ext=22",
        "312345678;phone-context=+81",
        "0312345678;phone-context=+81",
        "0312345678;phone-context=carrier.example",
        "0312345678;user=phone",
        "%2B81312345678",
    ],
)
def test_a_number_is_read_as_trunks_send_it(text: str) -> None:
    assert number_of(text) == "0312345678"


@pytest.mark.parametrize(
    ("number", "unread"),
    [
        ("+15551234567", "+15551234567"),
        ("312345678;phone-context=+1", "312345678;phone-context=+1"),
        ("unknown", "unknown"),
        ("03\x001\n2", "03?1?2"),
        ("9" * 300, "9" * 39 + "…"),
    ],
)
def test_what_cannot_be_read_as_a_number_is_kept_for_operators(number: str, unread: str) -> None:
    assert caller(number) == Caller(None, RefusalReason.UNKNOWN, unread)


def test_what_is_withheld_is_not_kept() -> None:
    assert caller("+15551234567", "prohib").unread == ""


@pytest.mark.parametrize("blanks", [" ", "\t ", '"\\', "a ", "<", '"'])
def test_a_header_of_any_length_is_read_at_once(blanks: str) -> None:
    long = blanks * (8000 // len(blanks))
    began = time.process_time()
    caller(sender=long, asserted=[long, f"{FROM_LINE}{long}"])
    assert time.process_time() - began < 0.5
