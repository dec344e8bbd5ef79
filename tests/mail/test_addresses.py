"""The rules of a mail address: each broken one is named, and each difference from `email-validator` is explained."""

from __future__ import annotations

import re
import string

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.addresses import (
    CHARACTERS,
    InvalidAddress,
    Rule,
    broken_rules,
    counted_as,
    foreign_characters,
    require_address,
)

LONG = "a" * 63


@pytest.mark.parametrize(
    "address",
    [
        "a@example.jp",
        "Ann.Bee-7_x@mail.example.co.jp",
        "!$%'*+/?^#@example.jp",
        "#@example.jp",
        "0@0.jp",
        f"{LONG}@example.jp",
        "-@example.jp",
        "ann@localhost",
    ],
)
def test_an_address_that_keeps_all_rules_breaks_none(address: str) -> None:
    assert broken_rules(address) == ()
    assert require_address(address) == address


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", {Rule.ONE_AT}),
        ("example.jp", {Rule.ONE_AT}),
        ("a@b@example.jp", {Rule.ONE_AT}),
        ("@example.jp", {Rule.AT_FIRST}),
        ("ann@", {Rule.AT_LAST}),
        ("@", {Rule.AT_FIRST, Rule.AT_LAST}),
        ("ann@example.jp.", {Rule.DOT_LAST}),
        ("ann..bee@example.jp", {Rule.DOTS_IN_A_ROW}),
        ("ann@example..jp", {Rule.DOTS_IN_A_ROW}),
        (".ann@example.jp", {Rule.DOT_FIRST}),
        ("ann.@example.jp", {Rule.DOT_BEFORE_AT}),
        (".@example.jp", {Rule.DOT_FIRST, Rule.DOT_BEFORE_AT}),
        (f"{LONG}a@example.jp", {Rule.LONG_BEFORE_AT}),
        ("a@" + "b" * 253, {Rule.TOO_LONG}),
        ("ann bee@example.jp", {Rule.CHARACTERS}),
        ("ann@example.jp\n", {Rule.CHARACTERS}),
        ("ａｎｎ@example.jp", {Rule.CHARACTERS}),
        ("ann＠example.jp", {Rule.CHARACTERS, Rule.ONE_AT}),
        ("ann@例え.jp", {Rule.CHARACTERS}),
    ],
)
def test_each_broken_rule_is_named(text: str, rules: set[Rule]) -> None:
    assert set(broken_rules(text)) == rules
    with pytest.raises(InvalidAddress) as error:
        require_address(text)
    assert set(error.value.rules) == rules
    assert text == "" or text not in str(error.value)


@pytest.mark.parametrize(
    ("text", "rules"),
    [  # RFC 5322 takes all of these; the guide takes none
        ('"john..doe"@example.org', {Rule.CHARACTERS, Rule.DOTS_IN_A_ROW}),
        ('" "@example.org', {Rule.CHARACTERS}),
        (
            '"very.(),:;<>[]\\".VERY.\\"very@\\\\ \\"very\\".unusual"@strange.example.com',
            {Rule.CHARACTERS, Rule.ONE_AT},
        ),
        ("ann(comment)@example.org", {Rule.CHARACTERS}),
        ("ann@[192.0.2.1]", {Rule.CHARACTERS}),
        ("ann@[IPv6:2001:db8::1]", {Rule.CHARACTERS}),
        ("Ann Bee <ann@example.org>", {Rule.CHARACTERS}),
        ("user&more=x@example.org", {Rule.CHARACTERS}),
        ("{curly}|pipe~tilde`tick@example.org", {Rule.CHARACTERS}),
        ("jörg@example.org", {Rule.CHARACTERS}),
        ("ann@example.org, bob@example.org", {Rule.CHARACTERS, Rule.ONE_AT}),
        ("ann@example.org\r\nBcc: bob@example.org", {Rule.CHARACTERS, Rule.ONE_AT}),
        ("ann@example.org%0abcc:bob", {Rule.CHARACTERS}),
        ("ann\x00@example.org", {Rule.CHARACTERS}),
        ("ann\u202e@example.org", {Rule.CHARACTERS}),
        ("\ud800@example.org", {Rule.CHARACTERS}),
    ],
)
def test_of_the_worst_that_the_rfc_takes_the_broken_rules_are_named(text: str, rules: set[Rule]) -> None:
    assert set(broken_rules(text)) == rules


def test_the_characters_that_are_too_many_are_shown_once_each() -> None:
    assert foreign_characters("ａnn bee＠ex ample.jp") == "ａ ＠"
    assert foreign_characters("ann@example.jp") == ""


@given(st.text())
def test_any_text_gets_an_answer_and_the_rules_agree_with_a_plain_reading_of_them(text: str) -> None:
    alphabet = r"[0-9a-zA-Z\-_.!$%'*+/?^#]"
    fits = (
        re.fullmatch(rf"{alphabet}{{1,63}}@{alphabet}+", text) is not None
        and len(text) <= 254
        and ".." not in text
        and not text.startswith(".")
        and ".@" not in text
        and not text.endswith(".")
    )
    assert (broken_rules(text) == ()) is fits


def test_capitals_and_what_follows_a_plus_do_not_make_another_address_for_the_limits() -> None:
    assert counted_as("Ann+shop@Example.JP") == counted_as("ann@example.jp") == "ann@example.jp"
    assert counted_as("+@example.jp") == "+@example.jp"


# How far we are from email-validator. Each difference is one of those below.

LABEL = re.compile(r"[0-9a-zA-Z]([0-9a-zA-Z-]*[0-9a-zA-Z])?")
BEFORE = st.text(sorted(CHARACTERS - {"@"}) + list('&=~ "(é'), min_size=0, max_size=66)
HOST = st.one_of(
    st.lists(st.text(string.ascii_lowercase + string.digits + "-", min_size=0, max_size=8), max_size=4).map(".".join),
    st.text(sorted(CHARACTERS) + list("[]:あ"), max_size=12),
    st.sampled_from(
        ["example.jp", "example.test", "localhost", "mail.example.co.jp", "a" * 64 + ".jp", "x.1", "xn--a.jp"]
    ),
)


def theirs_takes(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def why_only_theirs_takes(address: str) -> str:
    """Say why we refuse what email-validator takes; "" if there is no reason that we know."""
    before, _, _ = address.rpartition("@")
    rules = set(broken_rules(address))
    if rules == {Rule.LONG_BEFORE_AT} and len(before) == 64:
        return "the guide's limit before the @ is 63, SMTP's is 64"
    if Rule.CHARACTERS in rules and set(foreign_characters(before)) <= set("&=~`{|}"):
        return "the guide lacks some of the characters that RFC 5322 permits, and other alphabets after the @"
    return ""


def why_only_ours_takes(address: str) -> str:
    """Say why we take what email-validator refuses; "" if there is no reason that we know."""
    _, _, host = address.partition("@")
    labels = host.split(".")
    if not all(LABEL.fullmatch(label) for label in labels):
        return "the guide has no rule for the form of a host name: underscores, hyphens at its edges, a dot after the @"
    if any(len(label) > 63 for label in labels):
        return "the guide limits no part of a host name"
    if any(label[2:4] == "--" for label in labels):
        return "the guide does not check the encoding of an international host name"
    if len(labels) == 1:
        return "the guide wants no dot after the @"
    if not labels[-1][-1].isalpha() or labels[-1].isdigit():
        return "the guide takes a top-level domain of digits"
    if labels[-1] in {"invalid", "local", "onion", "arpa", "localhost"}:
        return "the guide knows no reserved names"
    return ""


@settings(max_examples=1500)
@given(st.builds("{}@{}".format, BEFORE, HOST))
def test_every_difference_from_email_validator_is_explained(address: str) -> None:
    ours, theirs = broken_rules(address) == (), theirs_takes(address)
    if theirs and not ours:
        assert why_only_theirs_takes(address), broken_rules(address)
    if ours and not theirs:
        assert why_only_ours_takes(address), address


@pytest.mark.parametrize(
    ("address", "ours", "theirs"),
    [
        ("a" * 63 + "@example.jp", True, True),
        ("a" * 64 + "@example.jp", False, True),
        ("user&more=x@example.jp", False, True),
        ("ann@例え.jp", False, True),
        ("ann@localhost.localdomain", True, True),
        ("ann@example", True, False),
        ("ann@.example.jp", True, False),
        ("ann@-example.jp", True, False),
        ("ann@exa_mple.jp", True, False),
        ("ann@example.12", True, False),
    ],
)
def test_the_differences_are_these(address: str, *, ours: bool, theirs: bool) -> None:
    assert (broken_rules(address) == ()) is ours
    assert theirs_takes(address) is theirs
