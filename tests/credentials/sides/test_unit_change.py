"""The six changes of the unit: who may make them, what must be proved, and what happens to all passwords.

The rules are in docs/rules.md 3.6.
"""

from typing import Any

import pytest

from credentials.model import LoginVerdict, Unit, UnitChange, UnitVerdict
from credentials.rules import UNIT_RULES
from credentials.store import CredentialStore
from tests.credentials.stores import check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
NUMBERS = [CONTRACT, SECOND, THIRD]
TEMPORARY = "13572468"
PASSWORDS = {CONTRACT: "Tr0ubador7", SECOND: "Xylophon9", THIRD: "Zeppelin5"}
WRONG = "wr0ngWrong"


def sign_up(store: CredentialStore, unit: Unit, *numbers: str) -> None:
    for number in numbers:
        store.set_temporary_password(caller=number, target=number, unit=unit, password=TEMPORARY, call_id="call")
        login = store.log_in(number, TEMPORARY, session_id="session")
        assert store.change_password(login, PASSWORDS[number], session_id="session").changed


def change(store: CredentialStore, to: Unit, maker: str, proofs: dict[str, str]) -> UnitChange:
    return store.change_unit(maker=maker, to=to, proofs=proofs, session_id="session")


def opening(store: CredentialStore) -> dict[str, str]:
    """Return the password that opens each number that has one."""
    return {
        number: password
        for number in NUMBERS
        for password in PASSWORDS.values()
        if check(store, number, password).accepted
    }


def unit(store: CredentialStore) -> Unit | None:
    return store.list_lines()[0].unit


def test_the_table_has_all_six_changes() -> None:
    assert set(UNIT_RULES) == {(before, after) for before in Unit for after in Unit if before is not after}


@pytest.mark.parametrize("maker", NUMBERS)
def test_number_to_line_makes_the_makers_password_that_of_the_contract_number(
    store: CredentialStore, maker: str
) -> None:
    sign_up(store, Unit.NUMBER, *NUMBERS)
    assert change(store, Unit.LINE, maker, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.LINE
    assert opening(store) == {CONTRACT: PASSWORDS[maker]}


@pytest.mark.parametrize("maker", NUMBERS)
def test_number_to_admin_user_keeps_every_password(store: CredentialStore, maker: str) -> None:
    sign_up(store, Unit.NUMBER, *NUMBERS)
    assert change(store, Unit.ADMIN_USER, maker, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.ADMIN_USER
    assert opening(store) == PASSWORDS


@pytest.mark.parametrize("to", [Unit.LINE, Unit.ADMIN_USER])
@pytest.mark.parametrize("lacking", NUMBERS)
def test_from_number_every_number_has_to_be_proved(store: CredentialStore, to: Unit, lacking: str) -> None:
    sign_up(store, Unit.NUMBER, *NUMBERS)
    for proofs in (
        {number: password for number, password in PASSWORDS.items() if number != lacking},
        PASSWORDS | {lacking: WRONG},
    ):
        answer = change(store, to, CONTRACT, proofs)
        assert answer.verdict is UnitVerdict.NOT_PROVED
        assert {number for number, verdict in answer.proofs.items() if not verdict.accepted} == {lacking}
    assert unit(store) is Unit.NUMBER
    assert opening(store) == PASSWORDS


def test_from_number_a_number_without_a_password_has_to_get_one_first(store: CredentialStore) -> None:
    sign_up(store, Unit.NUMBER, CONTRACT, SECOND)
    answer = change(store, Unit.LINE, CONTRACT, PASSWORDS)
    assert answer.verdict is UnitVerdict.NOT_PROVED
    assert answer.proofs[THIRD] is LoginVerdict.UNKNOWN


def test_line_to_number_keeps_the_password_with_the_number_that_made_the_change(store: CredentialStore) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    assert change(store, Unit.NUMBER, CONTRACT, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.NUMBER
    assert opening(store) == {CONTRACT: PASSWORDS[CONTRACT]}
    sign_up(store, Unit.NUMBER, SECOND)
    assert opening(store) == {CONTRACT: PASSWORDS[CONTRACT], SECOND: PASSWORDS[SECOND]}


def test_line_to_admin_user_sets_the_password_for_every_number(store: CredentialStore, clock: Any) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    clock.advance(days=59)
    assert change(store, Unit.ADMIN_USER, CONTRACT, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.ADMIN_USER
    assert opening(store) == dict.fromkeys(NUMBERS, PASSWORDS[CONTRACT])
    clock.advance(days=1)  # the copies are as old as the password
    assert store.log_in(SECOND, PASSWORDS[CONTRACT], session_id="session").must_change is not None


def test_admin_user_to_number_keeps_what_there_is(store: CredentialStore) -> None:
    sign_up(store, Unit.ADMIN_USER, CONTRACT, SECOND)
    assert change(store, Unit.NUMBER, CONTRACT, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.NUMBER
    assert opening(store) == {CONTRACT: PASSWORDS[CONTRACT], SECOND: PASSWORDS[SECOND]}
    sign_up(store, Unit.NUMBER, THIRD)
    assert opening(store) == PASSWORDS


def test_admin_user_to_line_voids_the_passwords_of_additional_numbers(store: CredentialStore) -> None:
    sign_up(store, Unit.ADMIN_USER, *NUMBERS)
    assert change(store, Unit.LINE, CONTRACT, PASSWORDS).verdict is UnitVerdict.CHANGED
    assert unit(store) is Unit.LINE
    assert opening(store) == {CONTRACT: PASSWORDS[CONTRACT]}


@pytest.mark.parametrize(
    ("before", "to"), [(before, to) for before, to in UNIT_RULES if before is not Unit.NUMBER], ids=str
)
def test_from_line_and_admin_user_only_the_contract_number_may_with_its_password(
    store: CredentialStore, before: Unit, to: Unit
) -> None:
    sign_up(store, before, *([CONTRACT] if before is Unit.LINE else NUMBERS))
    assert change(store, to, SECOND, PASSWORDS) == UnitChange(UnitVerdict.NOT_ALLOWED)
    assert change(store, to, CONTRACT, {SECOND: PASSWORDS[SECOND]}).verdict is UnitVerdict.NOT_PROVED
    assert change(store, to, CONTRACT, {CONTRACT: WRONG}).proofs == {CONTRACT: LoginVerdict.WRONG}
    assert unit(store) is before


@pytest.mark.parametrize("maker", ["nobody", "0799999999", OTHER])
def test_a_number_of_no_line_or_of_a_line_without_a_unit_changes_none(store: CredentialStore, maker: str) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    assert change(store, Unit.NUMBER, maker, PASSWORDS) == UnitChange(UnitVerdict.NOT_ALLOWED)


@pytest.mark.parametrize("before", list(Unit))
def test_the_unit_that_a_line_has_is_no_change(store: CredentialStore, before: Unit) -> None:
    sign_up(store, before, CONTRACT)
    assert change(store, before, CONTRACT, PASSWORDS) == UnitChange(UnitVerdict.NOT_ALLOWED)


def test_a_locked_line_changes_nothing(store: CredentialStore) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    store.lock_line(CONTRACT)
    assert change(store, Unit.NUMBER, CONTRACT, PASSWORDS) == UnitChange(UnitVerdict.NOT_ALLOWED)


def test_wrong_proofs_are_wrong_tries(store: CredentialStore) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    for _ in range(10):
        change(store, Unit.NUMBER, CONTRACT, {CONTRACT: WRONG})
    assert check(store, CONTRACT, PASSWORDS[CONTRACT]) is LoginVerdict.VOID
    assert change(store, Unit.NUMBER, CONTRACT, PASSWORDS).proofs == {CONTRACT: LoginVerdict.VOID}


def test_an_expired_password_proves_nothing_before_it_is_changed(store: CredentialStore, clock: Any) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    clock.advance(days=60)
    assert change(store, Unit.NUMBER, CONTRACT, PASSWORDS).proofs == {CONTRACT: LoginVerdict.EXPIRED}
    assert unit(store) is Unit.LINE


def test_temporary_passwords_of_the_unit_before_are_of_no_use_after(store: CredentialStore) -> None:
    sign_up(store, Unit.ADMIN_USER, CONTRACT)
    store.set_temporary_password(caller=SECOND, target=SECOND, unit=Unit.ADMIN_USER, password=TEMPORARY, call_id="call")
    change(store, Unit.NUMBER, CONTRACT, PASSWORDS)
    assert check(store, SECOND, TEMPORARY) is LoginVerdict.UNKNOWN


def test_numbers_may_come_in_any_form_and_what_is_none_proves_nothing(store: CredentialStore) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    proofs = {"+81 3 1234 5678": PASSWORDS[CONTRACT], "nobody": WRONG}
    assert change(store, Unit.NUMBER, "03-1234-5678", proofs).verdict is UnitVerdict.CHANGED


def test_what_changed_while_it_hashed_is_judged_anew(store: CredentialStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(store, Unit.LINE, CONTRACT)
    matches = store._password_hasher.matches

    def changed_meanwhile(*given: Any) -> bool:
        answer = matches(*given)
        monkeypatch.undo()
        login = store.log_in(CONTRACT, PASSWORDS[CONTRACT], session_id="other")
        assert store.change_password(login, PASSWORDS[SECOND], session_id="other").changed
        return answer

    monkeypatch.setattr(store._password_hasher, "matches", changed_meanwhile)
    answer = change(store, Unit.NUMBER, CONTRACT, PASSWORDS)
    assert answer == UnitChange(UnitVerdict.NOT_PROVED, {CONTRACT: LoginVerdict.WRONG})
