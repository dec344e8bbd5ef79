"""Real calls through a real Asterisk: what callers do, and what is in the store afterwards."""

from __future__ import annotations

import pytest

from credentials.model import LoginVerdict
from tests.live.callers.media import KeyPath, Press
from tests.live.callers.phone import EndedBy
from tests.live.callers.subscribers import ADDITIONAL, CONTRACT, OTHER_ADDITIONAL, OTHER_CONTRACT, call, typed
from tests.live.house import House, new_password


@pytest.mark.parametrize("keys", list(KeyPath))
def test_a_caller_sets_the_password_of_the_line(house: House, keys: KeyPath) -> None:
    password = new_password()
    call(house, ADDITIONAL, typed("1", password, password), keys=keys)
    assert house.check(CONTRACT, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_caller_sets_the_password_of_a_number(house: House) -> None:
    password = new_password()
    call(house, CONTRACT, typed("2", f"{ADDITIONAL}#", password, password))
    assert house.check(ADDITIONAL, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_the_administrator_sets_the_password_of_a_user(house: House) -> None:
    password = new_password()
    call(house, OTHER_CONTRACT, typed("3", f"{OTHER_ADDITIONAL}#", password, password))
    assert house.check(OTHER_ADDITIONAL, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_user_sets_their_own_password_and_is_not_asked_for_a_number(house: House) -> None:
    password = new_password()
    call(house, OTHER_ADDITIONAL, typed("3", password, password), keys=KeyPath.EVENTS)
    assert house.check(OTHER_ADDITIONAL, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_all_keys_typed_ahead_without_a_pause_set_the_password(house: House) -> None:
    password = new_password()
    call(house, CONTRACT, [Press(keys=f"2{CONTRACT}#{password}{password}#", after_s=0.6)])
    assert house.check(CONTRACT, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_confirmation_that_differs_can_be_corrected(house: House) -> None:
    password, other = new_password(), new_password()
    call(house, CONTRACT, typed("1", password, other, password, pause_s=1.5))
    assert house.check(CONTRACT, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password, other]) == []


def test_three_wrong_entries_end_the_call_and_leave_the_store_as_it_was(house: House) -> None:
    before, password = new_password(), new_password()
    call(house, CONTRACT, typed("1", before, before))
    wrong = [new_password() for _ in range(3)]
    result = call(house, CONTRACT, typed("1", password, *wrong, pause_s=1.5), stay_s=20)
    assert result.ended_by is EndedBy.EXCHANGE
    assert house.check(CONTRACT, before) is LoginVerdict.ACCEPTED
    assert house.places_with([before, password, *wrong]) == []


def test_what_was_typed_ahead_of_a_wrong_entry_sets_nothing(house: House) -> None:
    before, password = new_password(), new_password()
    call(house, CONTRACT, typed("1", before, before))
    call(house, CONTRACT, [Press(keys=f"9{password}{password}", after_s=1.0)])
    assert house.check(CONTRACT, before) is LoginVerdict.ACCEPTED
    assert house.places_with([before, password]) == []


@pytest.mark.parametrize("keys", [KeyPath.IN_BAND, KeyPath.EVENTS])
def test_a_caller_who_hangs_up_before_the_last_digit_changes_nothing(house: House, keys: KeyPath) -> None:
    before, password = new_password(), new_password()
    call(house, CONTRACT, typed("1", before, before))
    result = call(house, CONTRACT, typed("1", password, password[:7]), keys=keys)
    assert result.ended_by is EndedBy.PHONE
    assert house.check(CONTRACT, before) is LoginVerdict.ACCEPTED
    assert house.places_with([before, password]) == []
