"""Confirmation ID and confirmation password, and the change of an address with them (docs/rules.md 3.12)."""

import string
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import NotAllowed, WrongStage
from credentials.one_time.model import ConfirmationPart, ConfirmationProblem, ConfirmationVerdict
from credentials.one_time.policy import confirmation_problems, mask_address
from credentials.secrets.argon2id import HashPolicy
from credentials.sides.one_time_side import Confirmation
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    NEXT,
    TEMPORARY,
    Mailbox,
    call,
    full,
    log_in,
    prove,
    sign_up,
    start,
    use_one_time,
)

P = ConfirmationProblem
ID, PASSWORD = ConfirmationPart.ID, ConfirmationPart.PASSWORD
WRONG_PASSWORD = Confirmation(CONFIRMATION.confirmation_id, "wr0ngWrong")
WRONG_ID = Confirmation("Wrong123x", CONFIRMATION.password)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def proving(store: CredentialStore, mailbox: Mailbox) -> str:
    """Return the id of a session that has to prove a code."""
    use_one_time(store, mailbox)
    return start(store)


@pytest.fixture
def complete(store: CredentialStore, mailbox: Mailbox, proving: str) -> str:
    """Return the id of a complete session of a number that uses one-time passwords."""
    return prove(store, mailbox, proving)


class TestRules:
    @pytest.mark.parametrize(
        ("text", "problems"),
        [
            ("Kakunin1", set()),
            ("kakunin1", set()),
            ("KAKUNIN1", set()),
            ("KakuninX", set()),
            ("KAKUNINX", {P.CAPITALS_ALONE}),
            ("kakuninx", {P.SMALL_LETTERS_ALONE}),
            ("13572468", {P.DIGITS_ALONE}),
            ("Kakuni1", {P.LENGTH}),
            ("Kakunin1Kakun", {P.LENGTH}),
            ("Kakunin-1", {P.CHARACTERS}),
            ("Ｋakunin12", {P.CHARACTERS}),
            ("kaaaakun1", {P.EQUAL_RUN}),
            ("kabcdkun1", {P.STEADY_RUN}),
            ("k4321kun1", {P.STEADY_RUN}),
            ("K0312345678", {P.HAS_NUMBER, P.STEADY_RUN}),
            ("", {P.LENGTH}),
        ],
    )
    def test_each_rule_of_an_id_that_is_broken_is_named(self, text: str, problems: set[P]) -> None:
        assert confirmation_problems(ID, text, {CONTRACT}) == problems

    @pytest.mark.parametrize(
        ("text", "problems"),
        [
            ("k4kunin9x", set()),
            ("KAKUNIN1", set()),
            ("KAKUNINx", {P.NO_DIGIT}),
            ("13572468", {P.NO_LETTER}),
            ("", {P.LENGTH, P.NO_DIGIT, P.NO_LETTER}),
            ("あいうえおかきく", {P.CHARACTERS, P.NO_DIGIT, P.NO_LETTER, P.STEADY_RUN}),
        ],
    )
    def test_each_rule_of_a_password_that_is_broken_is_named(self, text: str, problems: set[P]) -> None:
        assert confirmation_problems(PASSWORD, text, {CONTRACT}) - {P.STEADY_RUN} == problems - {P.STEADY_RUN}

    @given(st.sampled_from(ConfirmationPart), st.text(string.ascii_letters + string.digits, min_size=8, max_size=12))
    def test_what_breaks_no_rule_keeps_them_all(self, part: ConfirmationPart, text: str) -> None:
        if confirmation_problems(part, text, {CONTRACT}):
            return
        steps = [ord(after) - ord(before) for before, after in pairwise(text)]
        assert not any(steps[at : at + 3] == [step] * 3 for at in range(len(steps)) for step in (-1, 0, 1))
        if part is ID:
            assert not text.isdigit()
            assert not text.isalpha() or not (text.isupper() or text.islower())
        else:
            assert not text.isdigit()
            assert not text.isalpha()

    @pytest.mark.parametrize(
        ("address", "masked"),
        [("tanaka@example.jp", "t***@e***.jp"), ("a@b", "a***@b***"), ("a@mail.b.co.jp", "a***@m***.jp")],
    )
    def test_a_masked_address_can_be_recognised_and_not_read(self, address: str, masked: str) -> None:
        assert mask_address(address) == masked


class TestAddressAtLogin:
    def test_right_id_and_password_bring_a_link_to_the_new_address(
        self, store: CredentialStore, mailbox: Mailbox, proving: str
    ) -> None:
        answer = store.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, mailbox.link)
        assert (answer.changed, answer.proof) == (True, ConfirmationVerdict.ACCEPTED)
        store.send_code(proving, mailbox.code)
        assert mailbox.codes[-1].address == ADDRESS
        store.confirm_address(mailbox.links[-1].token)
        store.send_code(proving, mailbox.code)
        assert mailbox.codes[-1].address == NEW_ADDRESS

    @pytest.mark.parametrize("wrong", [WRONG_PASSWORD, WRONG_ID])
    def test_five_wrong_tries_in_a_row_end_it_even_for_the_right_ones(
        self, store: CredentialStore, mailbox: Mailbox, proving: str, wrong: Confirmation
    ) -> None:
        tries = [wrong] * 4 + [CONFIRMATION] + [wrong] * 5 + [CONFIRMATION]
        verdicts = [store.change_address_at_login(proving, NEW_ADDRESS, each, mailbox.link).proof for each in tries]
        assert verdicts == ["WRONG"] * 4 + ["ACCEPTED"] + ["WRONG"] * 5 + ["VOID"]
        assert store.one_time_state(proving).confirmation_tries_left == 0

    def test_a_login_that_is_completed_with_a_code_ends_that(
        self, store: CredentialStore, mailbox: Mailbox, proving: str
    ) -> None:
        for _ in range(5):
            store.change_address_at_login(proving, NEW_ADDRESS, WRONG_ID, mailbox.link)
        prove(store, mailbox, proving)
        assert store.change_address_at_login(start(store), NEW_ADDRESS, CONFIRMATION, mailbox.link).changed

    def test_so_does_a_new_password(self, store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
        for _ in range(5):
            store.change_address_at_login(proving, NEW_ADDRESS, WRONG_ID, mailbox.link)
        call(store)
        store.change_password_in(start(store, secret=TEMPORARY), current=TEMPORARY, new=NEXT)
        again = start(store, secret=NEXT)
        assert store.change_address_at_login(again, NEW_ADDRESS, CONFIRMATION, mailbox.link).changed

    def test_if_the_mail_is_refused_nothing_is_stored(self, store: CredentialStore, proving: str) -> None:
        with pytest.raises(OverflowError):
            store.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, full)
        assert store.one_time_state(proving).provisional_address is None

    def test_before_the_login_is_complete_addresses_are_masked_and_the_id_is_not_shown(
        self, store: CredentialStore, mailbox: Mailbox, proving: str
    ) -> None:
        store.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, mailbox.link)
        state = store.one_time_state(proving)
        assert (state.address, state.provisional_address) == ("t***@e***.jp", "s***@e***.com")
        assert state.confirmation_id is None

    def test_without_them_it_needs_a_complete_login(
        self, store: CredentialStore, mailbox: Mailbox, proving: str
    ) -> None:
        with pytest.raises(WrongStage):
            store.change_address(proving, NEW_ADDRESS, mailbox.link)

    def test_each_try_is_in_the_audit_trail(self, store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
        store.change_address_at_login(proving, NEW_ADDRESS, WRONG_ID, mailbox.link)
        record = store.audit_records(number=CONTRACT)[-1]
        assert (record.action, record.detail) == ("CONFIRMATION_PROOF", "WRONG")


class TestChanging:
    def test_the_id_is_changed_with_the_old_one(self, store: CredentialStore, complete: str) -> None:
        answer = store.change_confirmation(complete, ID, old=CONFIRMATION.confirmation_id, new="Atarashii1")
        assert (answer.changed, answer.proof) == (True, ConfirmationVerdict.ACCEPTED)
        assert store.one_time_state(complete).confirmation_id == "Atarashii1"

    def test_the_password_is_changed_with_the_old_one(
        self, store: CredentialStore, mailbox: Mailbox, complete: str
    ) -> None:
        assert store.change_confirmation(complete, PASSWORD, old=CONFIRMATION.password, new="atarash11x").changed
        changed = Confirmation(CONFIRMATION.confirmation_id, "atarash11x")
        session_id = start(store)
        verdicts = [
            store.change_address_at_login(session_id, NEW_ADDRESS, each, mailbox.link).proof
            for each in (CONFIRMATION, changed)
        ]
        assert verdicts == ["WRONG", "ACCEPTED"]

    @pytest.mark.parametrize(
        ("part", "old", "new"),
        [(ID, CONFIRMATION.confirmation_id, "Atarashii1"), (PASSWORD, CONFIRMATION.password, "atarash11x")],
    )
    def test_it_needs_the_old_one_and_is_another_and_keeps_the_rules(
        self, store: CredentialStore, complete: str, part: ConfirmationPart, old: str, new: str
    ) -> None:
        assert store.change_confirmation(complete, part, old="Wr0ngWrong", new=new).proof is ConfirmationVerdict.WRONG
        same = store.change_confirmation(complete, part, old=old, new=old)
        broken = store.change_confirmation(complete, part, old=old, new="a1")
        problems = [each.id_problems if part is ID else each.password_problems for each in (same, broken)]
        assert problems == [{P.CURRENT}, {P.LENGTH}]
        assert not same.changed
        assert not broken.changed
        for _ in range(5):
            store.change_confirmation(complete, part, old="Wr0ngWrong", new=new)
        assert store.change_confirmation(complete, part, old=old, new=new).proof is ConfirmationVerdict.VOID

    def test_who_uses_no_one_time_password_has_none(self, store: CredentialStore, mailbox: Mailbox) -> None:
        sign_up(store)
        session_id = log_in(store)
        with pytest.raises(NotAllowed, match="does not use"):
            store.change_confirmation(session_id, ID, old="x", new="Atarashii1")
        with pytest.raises(NotAllowed, match="does not use"):
            store.change_address(session_id, NEW_ADDRESS, mailbox.link)

    def test_its_hash_is_renewed_when_it_is_used(
        self, store: CredentialStore, mailbox: Mailbox, proving: str, open_store: Any
    ) -> None:
        costlier = open_store(policy=HashPolicy(memory_kib=16, passes=1, lanes=1))
        assert costlier.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, mailbox.link).changed
        assert store.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, mailbox.link).changed
        assert store.key_usage() == {store.current_key_id: 2}
