"""An address of bounces names its letter and nothing else, and only who has the store's key can make one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.secrets.keys import Key, KeyRing
from mail.addresses import broken_rules
from mail.bounces.addresses import bounce_address, letter_of
from mail.letter import ID_LETTERS, new_letter_id

DOMAIN = "bounces.example.jp"
KEY, STRANGERS = Key(bytes(range(32))), Key(bytes(32))
KEYS = KeyRing([KEY])
LETTER = "bcdfghjklmnpqrstvwxzbcdf"
letter_ids = st.text(ID_LETTERS, min_size=24, max_size=24)


@given(letter_ids)
def test_an_address_that_we_made_names_its_letter_and_keeps_the_rules_of_addresses(letter_id: str) -> None:
    address = bounce_address(letter_id, DOMAIN, KEY)
    assert broken_rules(address) == ()
    assert letter_of(address, DOMAIN, KEYS) == letter_id
    assert letter_of(address.upper(), DOMAIN.upper(), KEYS) == letter_id


@given(letter_ids, st.text(ID_LETTERS, min_size=16, max_size=16))
def test_a_tag_by_chance_is_refused(letter_id: str, tag: str) -> None:
    forged = f"bounce-{letter_id}-{tag}@{DOMAIN}"
    assert letter_of(forged, DOMAIN, KEYS) is None or forged == bounce_address(letter_id, DOMAIN, KEY)


@given(letter_ids, letter_ids)
def test_the_tag_of_another_letter_is_refused(letter_id: str, other: str) -> None:
    tag = bounce_address(other, DOMAIN, KEY).rpartition("@")[0].rpartition("-")[2]
    assert (letter_of(f"bounce-{letter_id}-{tag}@{DOMAIN}", DOMAIN, KEYS) is None) is (letter_id != other)


@given(letter_ids)
def test_a_tag_under_another_key_is_refused(letter_id: str) -> None:
    assert letter_of(bounce_address(letter_id, DOMAIN, STRANGERS), DOMAIN, KEYS) is None


@given(letter_ids, st.integers(0, 47), st.sampled_from(string.printable))
def test_an_address_that_was_changed_in_one_place_is_refused(letter_id: str, place: int, sign: str) -> None:
    address = bounce_address(letter_id, DOMAIN, KEY)
    changed = address[:place] + sign + address[place + 1 :]
    assert letter_of(changed, DOMAIN, KEYS) is None or changed.lower() == address


@given(letter_ids, st.integers(0, 66))
def test_an_address_that_was_cut_is_refused(letter_id: str, length: int) -> None:
    address = bounce_address(letter_id, DOMAIN, KEY)
    assert len(address) == 67
    assert letter_of(address[:length], DOMAIN, KEYS) is None
    assert letter_of(address[-length:] if length else "", DOMAIN, KEYS) is None


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert letter_of(text, DOMAIN, KEYS) is None
    assert letter_of(f"{text}@{DOMAIN}", DOMAIN, KEYS) is None


@pytest.mark.parametrize("domain", ["example.jp", "bounces.example.jp.evil.example", "x.bounces.example.jp", ""])
def test_another_domain_is_refused(domain: str) -> None:
    assert letter_of(bounce_address(LETTER, domain, KEY), DOMAIN, KEYS) is None


def test_an_address_is_good_while_the_key_that_made_it_is_at_hand() -> None:
    rotated = KeyRing([STRANGERS, KEY])
    assert letter_of(bounce_address(LETTER, DOMAIN, KEY), DOMAIN, rotated) == LETTER
    assert letter_of(bounce_address(LETTER, DOMAIN, rotated.current), DOMAIN, rotated) == LETTER


def test_of_a_letter_it_says_only_the_id_that_is_by_chance() -> None:
    letter_id = new_letter_id()
    start, _, _ = bounce_address(letter_id, DOMAIN, KEY).rpartition("-")
    assert start == f"bounce-{letter_id}"
    assert not set(bounce_address(letter_id, DOMAIN, KEY)) & set(string.digits)  # logs mask what may be a password
