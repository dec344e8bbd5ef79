from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from credentials.errors import InvalidNumber, InvalidPassword, KeyMismatch, NotAllowed, UnknownLine, Withdrawn
from credentials.model import Line, LoginVerdict, Refusal, Unit
from credentials.secrets.argon2id import Argon2id, HashPolicy
from credentials.secrets.hashing import KeyedHash
from credentials.secrets.keys import Key
from credentials.secrets.temporary import HashedTemporaryPassword
from credentials.store import CredentialStore
from tests.credentials.stores import check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
LINE = Line(CONTRACT, frozenset({CONTRACT, SECOND, THIRD}))
PASSWORD, NEXT, WRONG = "13572468", "86427531", "00000000"


def set_password(
    store: CredentialStore,
    password: str = PASSWORD,
    *,
    caller: str = CONTRACT,
    target: str = CONTRACT,
    unit: Unit = Unit.NUMBER,
) -> datetime:
    return store.set_temporary_password(caller=caller, target=target, unit=unit, password=password, call_id="call")


class TestAdmission:
    """docs/rules.md 2.1"""

    @pytest.mark.parametrize("caller", [CONTRACT, SECOND, "+81312345680", "03-1234-5678"])
    def test_every_number_of_a_line_is_admitted_with_its_line(self, store: CredentialStore, caller: str) -> None:
        assert store.admit(caller) == LINE

    def test_the_line_brings_its_language(self, store: CredentialStore) -> None:
        assert store.admit(OTHER) == Line(OTHER, frozenset({OTHER}), "en")

    @pytest.mark.parametrize("caller", ["0799999999", "", "anonymous", "' OR 1=1 --", "+1 555 123 4567"])
    def test_anyone_else_is_not_subscribed(self, store: CredentialStore, caller: str) -> None:
        assert store.admit(caller) is Refusal.NOT_SUBSCRIBED

    def test_callers_of_a_locked_line_are_refused_until_it_is_unlocked(self, store: CredentialStore) -> None:
        store.lock_line("03-1234-5678")
        assert store.admit(SECOND) is Refusal.LOCKED
        assert store.admit(OTHER) != Refusal.LOCKED
        store.unlock_line(CONTRACT)
        assert store.admit(SECOND) == LINE

    def test_only_a_contract_number_names_a_line_to_lock(self, store: CredentialStore) -> None:
        with pytest.raises(UnknownLine, match=SECOND):
            store.lock_line(SECOND)
        with pytest.raises(InvalidNumber):
            store.unlock_line("line 1")


class TestSetting:
    """docs/rules.md 2.3 and 3.1"""

    def test_a_temporary_password_opens_the_login_of_its_target_alone(self, store: CredentialStore) -> None:
        set_password(store, target=SECOND)
        assert check(store, SECOND, PASSWORD) is LoginVerdict.ACCEPTED
        assert check(store, "+81-3-1234-5679", PASSWORD) is LoginVerdict.ACCEPTED
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.UNKNOWN

    def test_numbers_may_come_in_any_form(self, store: CredentialStore) -> None:
        set_password(store, caller="+81312345679", target="03-1234-5678", unit=Unit.LINE)
        assert check(store, CONTRACT, PASSWORD).accepted

    def test_expiry_is_24_hours_after_the_stores_clock(self, store: CredentialStore, clock: Any) -> None:
        assert set_password(store) == clock() + timedelta(hours=24)

    def test_the_clock_may_keep_any_time_zone_but_must_name_it(self, tmp_path: Path, key: Key) -> None:
        tokyo = datetime(2026, 4, 1, 9, tzinfo=timezone(timedelta(hours=9)))
        policy = HashPolicy(memory_kib=8, passes=1, lanes=1)
        lines = tmp_path / "lines.csv"
        lines.write_text(f"contract_number,number\n{CONTRACT},\n")
        with CredentialStore.open(f"sqlite:///{tmp_path}/a.db", key=key, clock=lambda: tokyo, policy=policy) as store:
            store.import_lines(lines)
            assert set_password(store) == datetime(2026, 4, 2, 0, tzinfo=UTC)
            assert check(store, CONTRACT, PASSWORD).accepted
        naive = tokyo.replace(tzinfo=None)
        with pytest.raises(ValueError, match="no time zone"):
            CredentialStore.open(f"sqlite:///{tmp_path}/b.db", key=key, clock=lambda: naive, policy=policy)

    def test_a_new_one_replaces_the_earlier_one(self, store: CredentialStore) -> None:
        set_password(store)
        set_password(store, NEXT)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.WRONG
        assert check(store, CONTRACT, NEXT) is LoginVerdict.ACCEPTED

    def test_the_same_digits_set_again_start_anew(self, store: CredentialStore, clock: Any) -> None:
        set_password(store)
        for _ in range(3):
            check(store, CONTRACT, WRONG)
        clock.advance(hours=23)
        set_password(store)
        clock.advance(hours=23)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    def test_the_unit_and_the_call_are_on_record(self, store: CredentialStore, database_file: Path) -> None:
        set_password(store, caller=SECOND, unit=Unit.LINE)
        set_password(store, caller=CONTRACT, unit=Unit.ADMIN_USER)
        engine = create_engine(f"sqlite:///{database_file}")
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT target_number, unit, set_by_number, set_by_call FROM temporary_passwords")
            ).all()
        engine.dispose()
        assert rows == [(CONTRACT, "ADMIN_USER", CONTRACT, "call")]

    @pytest.mark.parametrize(
        ("caller", "target", "unit"),
        [
            (CONTRACT, SECOND, Unit.LINE),
            (CONTRACT, OTHER, Unit.NUMBER),
            (SECOND, THIRD, Unit.ADMIN_USER),
            (SECOND, CONTRACT, Unit.ADMIN_USER),
            ("0799999999", "0799999999", Unit.NUMBER),
            ("0799999999", CONTRACT, Unit.LINE),
        ],
    )
    def test_a_target_that_the_caller_may_not_set_is_refused_and_keeps_what_it_had(
        self, store: CredentialStore, caller: str, target: str, unit: Unit
    ) -> None:
        if target in (CONTRACT, SECOND, THIRD, OTHER):
            set_password(store, caller=target, target=target)
        with pytest.raises(NotAllowed, match=caller):
            set_password(store, NEXT, caller=caller, target=target, unit=unit)
        assert not check(store, target, NEXT).accepted
        if target != "0799999999":
            assert check(store, target, PASSWORD).accepted

    def test_nothing_is_set_for_a_locked_line(self, store: CredentialStore) -> None:
        store.lock_line(CONTRACT)
        with pytest.raises(NotAllowed, match="locked"):
            set_password(store)
        store.unlock_line(CONTRACT)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.UNKNOWN

    @pytest.mark.parametrize("password", ["", "1357246", "135724689", "1357246a", "１３５７２４６８"])
    def test_what_is_not_8_digits_is_refused_and_not_shown(self, store: CredentialStore, password: str) -> None:
        with pytest.raises(InvalidPassword) as caught:
            set_password(store, password)
        assert not password or password not in str(caught.value)
        assert check(store, CONTRACT, password) is LoginVerdict.UNKNOWN

    def test_a_request_that_is_taken_back_leaves_the_earlier_password(self, store: CredentialStore) -> None:
        set_password(store)
        with pytest.raises(Withdrawn, match="call 7"):
            store.set_temporary_password(
                caller=CONTRACT,
                target=CONTRACT,
                unit=Unit.LINE,
                password=NEXT,
                call_id="7",
                still_wanted=lambda: False,
            )
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED
        assert check(store, CONTRACT, NEXT) is LoginVerdict.WRONG


class TestHashingAhead:
    """docs/rules.md 2.6"""

    def set_hashed(self, store: CredentialStore, hashed: HashedTemporaryPassword, target: str = CONTRACT) -> None:
        store.set_temporary_password(caller=CONTRACT, target=target, unit=Unit.NUMBER, password=hashed, call_id="call")

    def test_a_password_that_was_hashed_ahead_is_stored_without_another_hash(
        self, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed = store.hash_temporary_password(target="03-1234-5678", password=PASSWORD)
        with monkeypatch.context() as patched:
            patched.setattr(Argon2id, "hash", lambda _self, _secret: pytest.fail("it is hashed already"))
            self.set_hashed(store, hashed)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    def test_hashing_stores_nothing(self, store: CredentialStore) -> None:
        set_password(store)
        records = store.audit_records()
        store.hash_temporary_password(target=CONTRACT, password=NEXT)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED
        assert store.audit_records()[:-1] == records

    def test_it_can_become_the_password_of_its_own_target_alone(self, store: CredentialStore) -> None:
        hashed = store.hash_temporary_password(target=SECOND, password=PASSWORD)
        with pytest.raises(InvalidPassword, match="hashed for another number than 0312345678"):
            self.set_hashed(store, hashed)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.UNKNOWN

    def test_it_shows_nothing_of_itself(self, store: CredentialStore) -> None:
        hashed = store.hash_temporary_password(target=CONTRACT, password=PASSWORD)
        assert repr(hashed) == "HashedTemporaryPassword()"

    @pytest.mark.parametrize("password", ["", "1357246", "135724689", "1357246a"])
    def test_what_is_not_8_digits_is_refused_and_not_shown(self, store: CredentialStore, password: str) -> None:
        with pytest.raises(InvalidPassword) as caught:
            store.hash_temporary_password(target=CONTRACT, password=password)
        assert not password or password not in str(caught.value)


class TestChecking:
    """docs/rules.md 3.1 and 3.4"""

    def test_it_can_be_used_more_than_once_before_the_password_is_changed(self, store: CredentialStore) -> None:
        set_password(store)
        for _ in range(5):
            assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    def test_it_is_valid_up_to_24_hours_and_not_at_24_hours(self, store: CredentialStore, clock: Any) -> None:
        set_password(store)
        clock.advance(hours=24, microseconds=-1)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED
        clock.advance(microseconds=1)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.EXPIRED
        assert check(store, CONTRACT, WRONG) is LoginVerdict.EXPIRED

    def test_three_wrong_tries_in_a_row_void_it_even_for_the_right_password(self, store: CredentialStore) -> None:
        set_password(store)
        verdicts = [check(store, CONTRACT, WRONG) for _ in range(4)]
        assert verdicts == [LoginVerdict.WRONG] * 3 + [LoginVerdict.VOID]
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.VOID

    def test_a_right_try_between_wrong_ones_ends_the_count(self, store: CredentialStore) -> None:
        set_password(store)
        for _ in range(3):
            assert check(store, CONTRACT, WRONG) is LoginVerdict.WRONG
            assert check(store, CONTRACT, WRONG) is LoginVerdict.WRONG
            assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    @pytest.mark.parametrize("password", ["", "1", "x" * 5000, "\ud800\0"])
    def test_any_text_is_a_try(self, store: CredentialStore, password: str) -> None:
        set_password(store)
        verdicts = [check(store, CONTRACT, password) for _ in range(4)]
        assert verdicts[2:] == [LoginVerdict.WRONG, LoginVerdict.VOID]

    def test_tries_at_one_number_do_not_count_for_another(self, store: CredentialStore) -> None:
        set_password(store)
        set_password(store, target=SECOND)
        for _ in range(4):
            check(store, SECOND, WRONG)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.ACCEPTED

    @pytest.mark.parametrize("number", [CONTRACT, "0799999999", "", "anonymous"])
    def test_a_number_without_a_temporary_password_is_unknown(self, store: CredentialStore, number: str) -> None:
        assert check(store, number, PASSWORD) is LoginVerdict.UNKNOWN

    def test_every_verdict_costs_exactly_one_hash(
        self, store: CredentialStore, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_password(store)
        matches = store._temporary_hasher.matches
        computed: list[str] = []

        def counted(number: str, secret: str, stored: KeyedHash | None) -> bool:
            computed.append(number)
            return matches(number, secret, stored)

        monkeypatch.setattr(store._temporary_hasher, "matches", counted)
        tries = [(CONTRACT, PASSWORD), *[(CONTRACT, WRONG)] * 4, (SECOND, WRONG), ("x", WRONG)]
        verdicts = {check(store, *each) for each in tries}
        set_password(store)
        braked = [store.log_in(CONTRACT, WRONG, session_id="test", origin="192.0.2.7").verdict for _ in range(3)]
        verdicts.add(braked[-1])
        clock.advance(hours=24)
        verdicts.add(check(store, CONTRACT, PASSWORD))
        store.lock_line(CONTRACT)
        verdicts.add(check(store, CONTRACT, PASSWORD))
        assert verdicts == set(LoginVerdict)
        assert len(computed) == len(tries) + 2 + len(braked)

    def test_a_password_that_is_replaced_during_the_check_is_judged_by_the_new_one(
        self, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_password(store)
        matches = store._temporary_hasher.matches

        def replaced_meanwhile(number: str, secret: str, stored: Any) -> bool:
            answer = matches(number, secret, stored)
            monkeypatch.undo()
            set_password(store, NEXT)
            return answer

        monkeypatch.setattr(store._temporary_hasher, "matches", replaced_meanwhile)
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.WRONG
        verdicts = [check(store, CONTRACT, WRONG) for _ in range(3)]
        assert verdicts == [LoginVerdict.WRONG, LoginVerdict.WRONG, LoginVerdict.VOID]


class TestOpening:
    def test_everything_is_still_there_after_a_restart(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore
    ) -> None:
        set_password(store)
        check(store, CONTRACT, WRONG)
        store.close()
        again = open_store()
        assert again.admit(CONTRACT) == LINE
        verdicts = [check(again, CONTRACT, WRONG) for _ in range(3)]
        assert verdicts == [LoginVerdict.WRONG, LoginVerdict.WRONG, LoginVerdict.VOID]

    def test_another_key_than_the_databases_is_refused(
        self, open_store: Callable[..., CredentialStore], store: CredentialStore, key: Key
    ) -> None:
        other = Key.generate()
        with pytest.raises(KeyMismatch, match=rf"{key.key_id}.*{other.key_id}"):
            open_store(key=other)
        assert open_store(key=Key(key.secret)).admit(CONTRACT) == LINE

    def test_leaving_the_with_block_closes_the_store(self, tmp_path: Path, key: Key) -> None:
        with CredentialStore.open(f"sqlite:///{tmp_path}/s.db", key=key) as store:
            assert store.list_lines() == []
        assert not (tmp_path / "s.db-wal").exists()  # SQLite removes its log with the last connection
