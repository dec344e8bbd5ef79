"""The settings site logs subscribers in and changes their passwords."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from credentials.errors import KeyMismatch
from credentials.model import ChangeReason, Login, LoginVerdict, PasswordChange, PasswordProblem, Unit
from credentials.secrets.argon2id import Argon2id, HashPolicy
from credentials.secrets.keys import Key, KeyRing
from credentials.store import CredentialStore
from tests.credentials.stores import check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
TEMPORARY, PASSWORD, NEXT, WRONG = "13572468", "Tr0ubador7", "Xylophon9", "wr0ngWrong"


def call(store: CredentialStore, target: str = CONTRACT, unit: Unit = Unit.NUMBER, password: str = TEMPORARY) -> None:
    store.set_temporary_password(caller=target, target=target, unit=unit, password=password, call_id="call")


def log_in(store: CredentialStore, secret: str, number: str = CONTRACT) -> Login:
    return store.log_in(number, secret, session_id="session")


def change(store: CredentialStore, login: Login, password: str) -> PasswordChange:
    return store.change_password(login, password, session_id="session")


def sign_up(store: CredentialStore, number: str = CONTRACT, unit: Unit = Unit.NUMBER, password: str = PASSWORD) -> None:
    call(store, number, unit)
    assert change(store, log_in(store, TEMPORARY, number), password).changed


class TestTemporaryPassword:
    """docs/rules.md 3.1 and 3.4"""

    def test_it_opens_the_change_password_step_alone(self, store: CredentialStore) -> None:
        call(store)
        login = log_in(store, TEMPORARY)
        assert login.verdict is LoginVerdict.ACCEPTED
        assert login.must_change is ChangeReason.TEMPORARY

    def test_it_is_used_up_when_the_new_password_is_stored(self, store: CredentialStore, clock: Any) -> None:
        call(store)
        login = log_in(store, TEMPORARY)
        assert change(store, login, PASSWORD) == PasswordChange(True, expires_at=clock() + timedelta(days=60))
        assert not log_in(store, TEMPORARY).verdict.accepted
        again = log_in(store, PASSWORD)
        assert (again.verdict, again.must_change) == (LoginVerdict.ACCEPTED, None)

    def test_of_two_sessions_that_use_one_up_the_second_is_told_to_log_in_again(self, store: CredentialStore) -> None:
        call(store)
        one, other = log_in(store, TEMPORARY), log_in(store, TEMPORARY)
        assert change(store, one, PASSWORD).changed
        assert change(store, other, NEXT) == PasswordChange(changed=False)
        assert check(store, CONTRACT, PASSWORD).accepted

    def test_the_current_password_stays_valid_until_it_is_used(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        assert check(store, CONTRACT, PASSWORD).accepted
        assert change(store, log_in(store, TEMPORARY), NEXT).changed
        assert not check(store, CONTRACT, PASSWORD).accepted
        assert check(store, CONTRACT, NEXT).accepted

    @pytest.mark.parametrize("ruin", ["replace", "expire", "void", "lock", "remove"])
    def test_what_became_of_it_after_the_login_counts_at_the_change(
        self, store: CredentialStore, clock: Any, ruin: str
    ) -> None:
        call(store, SECOND)
        login = log_in(store, TEMPORARY, SECOND)
        if ruin == "replace":
            call(store, SECOND)
        elif ruin == "expire":
            clock.advance(hours=24)
        elif ruin == "void":
            for _ in range(3):
                check(store, SECOND, "00000000")
        elif ruin == "lock":
            store.lock_line(CONTRACT)
        else:
            store.remove_number(SECOND)
        assert change(store, login, PASSWORD) == PasswordChange(changed=False)

    def test_tries_with_anything_count_at_it(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        for secret in (WRONG, "00000000", WRONG):
            assert check(store, CONTRACT, secret) is LoginVerdict.WRONG
        assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.VOID
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    def test_a_right_password_does_not_end_its_count(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        for _ in range(3):
            check(store, CONTRACT, "00000000")
            assert check(store, CONTRACT, PASSWORD).accepted
        assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.VOID


class TestPassword:
    """docs/rules.md 3.2 and 3.4"""

    def test_it_has_to_be_changed_after_60_days_and_opens_that_step_alone(
        self, store: CredentialStore, clock: Any
    ) -> None:
        sign_up(store)
        clock.advance(days=60, microseconds=-1)
        assert log_in(store, PASSWORD).must_change is None
        clock.advance(microseconds=1)
        login = log_in(store, PASSWORD)
        assert (login.verdict, login.must_change) == (LoginVerdict.ACCEPTED, ChangeReason.EXPIRED)
        assert change(store, login, NEXT).changed
        assert log_in(store, NEXT).must_change is None

    def test_ten_wrong_tries_in_a_row_void_it_and_only_a_temporary_one_helps(self, store: CredentialStore) -> None:
        sign_up(store)
        verdicts = [check(store, CONTRACT, WRONG) for _ in range(11)]
        assert verdicts == [LoginVerdict.WRONG] * 10 + [LoginVerdict.VOID]
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.VOID
        sign_up(store, password=NEXT)
        assert check(store, CONTRACT, NEXT).accepted

    def test_a_right_try_ends_the_count(self, store: CredentialStore) -> None:
        sign_up(store)
        for _ in range(2):
            assert {check(store, CONTRACT, WRONG) for _ in range(9)} == {LoginVerdict.WRONG}
            assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    def test_a_new_one_is_not_the_current_one(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        for secret in (PASSWORD, TEMPORARY):
            answer = change(store, log_in(store, secret), PASSWORD)
            assert answer == PasswordChange(changed=False, problems=frozenset({PasswordProblem.CURRENT}))
        assert check(store, CONTRACT, TEMPORARY).accepted

    def test_a_new_one_that_breaks_rules_changes_nothing_and_the_rules_are_named(self, store: CredentialStore) -> None:
        call(store)
        answer = change(store, log_in(store, TEMPORARY), f"{SECOND}aa")
        assert answer.problems == {PasswordProblem.HAS_NUMBER, PasswordProblem.STEADY_RUN}
        assert check(store, CONTRACT, TEMPORARY).accepted

    def test_it_can_be_changed_by_itself_and_a_pending_temporary_one_goes_too(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        assert change(store, log_in(store, PASSWORD), NEXT).changed
        assert not check(store, CONTRACT, TEMPORARY).accepted

    def test_one_that_cannot_be_read_any_more_can_be_replaced(self, store: CredentialStore) -> None:
        sign_up(store)
        call(store)
        login = log_in(store, TEMPORARY)
        with store._database.writing() as connection:
            connection.execute(text("UPDATE passwords SET hash = 'rubbish'"))
        assert change(store, login, NEXT).changed
        assert check(store, CONTRACT, NEXT).accepted

    def test_of_two_sessions_that_change_it_the_second_is_told_to_log_in_again(self, store: CredentialStore) -> None:
        sign_up(store)
        one, other = log_in(store, PASSWORD), log_in(store, PASSWORD)
        assert change(store, one, NEXT).changed
        assert change(store, other, "Zebra4crossing"[:12]) == PasswordChange(changed=False)

    def test_a_login_that_was_refused_changes_nothing(self, store: CredentialStore) -> None:
        call(store)
        with pytest.raises(ValueError, match="WRONG"):
            change(store, log_in(store, WRONG), PASSWORD)

    def test_a_moved_number_leaves_its_password_behind(self, store: CredentialStore) -> None:
        sign_up(store, SECOND)
        store.move_number(SECOND, to=OTHER)
        assert check(store, SECOND, PASSWORD) is LoginVerdict.UNKNOWN


class TestUnitOfALine:
    """docs/rules.md 3.3"""

    def test_the_first_password_gives_the_line_the_unit_that_was_chosen_in_the_call(
        self, store: CredentialStore
    ) -> None:
        call(store, unit=Unit.ADMIN_USER)
        assert store.list_lines()[0].unit is None
        change(store, log_in(store, TEMPORARY), PASSWORD)
        assert store.list_lines()[0].unit is Unit.ADMIN_USER

    def test_temporary_passwords_of_another_unit_are_then_of_no_use(self, store: CredentialStore) -> None:
        call(store, SECOND, Unit.ADMIN_USER)
        call(store, THIRD, Unit.NUMBER)
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        assert check(store, SECOND, TEMPORARY) is LoginVerdict.ACCEPTED
        assert check(store, THIRD, TEMPORARY) is LoginVerdict.UNKNOWN

    @pytest.mark.parametrize(
        ("unit", "number", "login_number"),
        [(Unit.LINE, SECOND, CONTRACT), (Unit.NUMBER, SECOND, SECOND), (Unit.ADMIN_USER, SECOND, SECOND)],
    )
    def test_the_login_number_is_the_units(
        self, store: CredentialStore, unit: Unit, number: str, login_number: str
    ) -> None:
        sign_up(store, CONTRACT, unit)
        line = log_in(store, PASSWORD).line
        assert line is not None
        assert line.login_number(number) == login_number
        assert check(store, SECOND, PASSWORD) is LoginVerdict.UNKNOWN


NUMBERS = (CONTRACT, SECOND, THIRD, OTHER, "0799999999", "nobody")
LIGHT, HEAVY = "m=19456,t=2,p=1", "m=65536,t=3,p=4"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the costs of the hashes that are computed from now on, each as its text names them."""
    costs: list[str] = []
    make, verify = Argon2id.hash, Argon2id.matches

    def made(self: Argon2id, secret: bytes) -> str:
        text = make(self, secret)
        costs.append(text.split("$")[3])
        return text

    def verified(self: Argon2id, secret: bytes, text: str, *, owner: str) -> bool:
        costs.append(text.split("$")[3])
        return verify(self, secret, text, owner=owner)

    monkeypatch.setattr(Argon2id, "hash", made)
    monkeypatch.setattr(Argon2id, "matches", verified)
    return costs


class TestStrangers:
    """docs/rules.md 3.5"""

    def test_every_refusal_costs_one_hash_and_one_record(self, store: CredentialStore, hashed: list[str]) -> None:
        sign_up(store)  # has a password alone
        call(store, SECOND)  # has a temporary password alone
        sign_up(store, THIRD)
        call(store, THIRD)  # has both, and both void
        for _ in range(10):
            check(store, THIRD, WRONG)
        records = len(store.audit_records())
        hashed.clear()
        tries = [(number, secret) for number in NUMBERS for secret in (WRONG, "00000000")]
        assert not any(check(store, number, secret).accepted for number, secret in tries)
        assert len(hashed) == len(tries)
        assert len(store.audit_records()) == records + len(tries)

    def test_the_cost_of_a_refusal_does_not_show_what_a_number_has(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore, hashed: list[str]
    ) -> None:
        production = open_store(policy=None)
        sign_up(production)
        call(production, SECOND)
        sign_up(production, THIRD)
        call(production, THIRD)
        for number in NUMBERS:
            hashed.clear()
            assert not check(production, number, "00000000").accepted
            assert not check(production, number, WRONG).accepted
            assert hashed == [LIGHT, HEAVY]

    @pytest.mark.parametrize("over", ["void", "expired"])
    def test_a_dear_hash_from_before_an_upgrade_does_not_show_once_it_opens_nothing(
        self,
        open_store: Callable[..., CredentialStore],
        store: CredentialStore,
        clock: Any,
        hashed: list[str],
        over: str,
    ) -> None:
        call(open_store(policy=HashPolicy()))
        if over == "expired":
            clock.advance(hours=24)
        else:
            for _ in range(3):
                check(store, CONTRACT, WRONG)
        production = open_store(policy=None)
        hashed.clear()
        assert not check(production, CONTRACT, TEMPORARY).accepted
        assert hashed == [LIGHT]

    def test_a_locked_line_refuses_and_counts_nothing(self, store: CredentialStore) -> None:
        sign_up(store)
        store.lock_line(CONTRACT)
        for secret in [PASSWORD, *[WRONG] * 11]:
            assert check(store, CONTRACT, secret) is LoginVerdict.LOCKED
        store.unlock_line(CONTRACT)
        assert check(store, CONTRACT, PASSWORD).accepted


class TestKeysAndParameters:
    """docs/rules.md 3.7"""

    def stored(self, store: CredentialStore) -> tuple[str, str]:
        with store._database.reading() as connection:
            row = connection.execute(text("SELECT key_id, hash FROM passwords")).one()
            return row.key_id, row.hash

    def test_a_new_key_takes_over_at_the_next_login_and_no_password_is_lost(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore], key: Key
    ) -> None:
        sign_up(store)
        call(store, SECOND)
        new = Key.generate()
        rotated = open_store(key=KeyRing([new, key]))
        assert rotated.key_usage() == {key.key_id: 2}
        assert check(rotated, CONTRACT, WRONG) is LoginVerdict.WRONG
        assert self.stored(rotated)[0] == key.key_id
        assert check(rotated, CONTRACT, PASSWORD).accepted
        assert check(rotated, SECOND, TEMPORARY).accepted
        assert rotated.key_usage() == {new.key_id: 2}
        alone = open_store(key=new)
        assert check(alone, CONTRACT, PASSWORD).accepted
        assert check(alone, SECOND, TEMPORARY).accepted
        assert alone.verify_audit().problem is None

    def test_a_key_that_credentials_need_cannot_be_left_out(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore], key: Key
    ) -> None:
        sign_up(store)
        new = Key.generate()
        open_store(key=KeyRing([new, key]))
        with pytest.raises(KeyMismatch, match=f"made with key {key.key_id}"):
            open_store(key=new)
        with pytest.raises(KeyMismatch, match=f"made with key {new.key_id}"):
            open_store(key=key)

    def test_a_host_that_knows_the_new_key_but_lists_it_last_makes_hashes_with_it_too(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore], key: Key
    ) -> None:
        new = Key.generate()
        open_store(key=KeyRing([new, key]))
        late = open_store(key=KeyRing([key, new]))
        sign_up(late)
        assert late.key_usage() == {new.key_id: 1}

    def test_a_host_from_before_the_rotation_verifies_with_the_new_key_and_does_not_turn_back(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore, key: Key
    ) -> None:
        new = Key.generate()
        before = open_store(key=KeyRing([key, new]))
        sign_up(open_store(key=KeyRing([new, key])))
        assert check(before, CONTRACT, PASSWORD).accepted
        assert before.key_usage() == {new.key_id: 1}

    def test_each_kind_keeps_its_own_cost_however_often_it_logs_in(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore, hashed: list[str]
    ) -> None:
        production = open_store(policy=None)
        sign_up(production)
        call(production)
        hashed.clear()
        for secret in (TEMPORARY, PASSWORD, TEMPORARY, PASSWORD):
            assert check(production, CONTRACT, secret).accepted
        assert hashed == [LIGHT, HEAVY, LIGHT, HEAVY]

    def test_a_dear_hash_of_a_temporary_password_is_good_and_becomes_a_cheap_one(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore, hashed: list[str]
    ) -> None:
        call(open_store(policy=HashPolicy()))
        production = open_store(policy=None)
        hashed.clear()
        for _ in range(2):
            assert check(production, CONTRACT, TEMPORARY).accepted
        assert hashed == [HEAVY, LIGHT, LIGHT]

    def test_dearer_parameters_take_over_at_the_next_login(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore]
    ) -> None:
        sign_up(store)
        assert "$m=8,t=1,p=1$" in self.stored(store)[1]
        dearer = open_store(policy=HashPolicy(memory_kib=16, passes=2, lanes=1))
        assert check(dearer, CONTRACT, PASSWORD).accepted
        assert "$m=16,t=2,p=1$" in self.stored(store)[1]
        assert check(store, CONTRACT, PASSWORD).accepted
