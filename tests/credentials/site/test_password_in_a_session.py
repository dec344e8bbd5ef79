"""Passwords that are changed within a session."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from credentials.errors import NotAllowed, SessionOver, WrongStage
from credentials.model import LoginVerdict, PasswordProblem, Unit
from credentials.site.session import EndedSession, EndReason, Session, SessionLimits, Stage
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    CONTRACT,
    NEXT,
    OTHER,
    PASSWORD,
    SECOND,
    TEMPORARY,
    THIRD,
    WRONG,
    call,
    log_in,
    sign_up,
    start,
)
from tests.credentials.stores import check

IDLE, ABSOLUTE = SessionLimits().idle, SessionLimits().absolute


class TestPasswordInASession:
    """docs/rules.md 3.2 and 3.9"""

    def test_the_temporary_one_is_asked_for_again_and_used_up(self, store: CredentialStore, clock: Any) -> None:
        call(store)
        session_id = start(store, secret=TEMPORARY)
        changed = store.change_password_in(session_id, current=TEMPORARY, new=PASSWORD)
        assert (changed.changed, changed.proof) == (True, LoginVerdict.ACCEPTED)
        assert changed.expires_at == clock.now + timedelta(days=60)
        assert not check(store, CONTRACT, TEMPORARY).accepted
        assert check(store, CONTRACT, PASSWORD).accepted
        assert store.line_of(CONTRACT).unit is Unit.NUMBER

    def test_another_process_changes_it(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore]
    ) -> None:
        call(store)
        session_id = start(store, secret=TEMPORARY)
        assert open_store().change_password_in(session_id, current=TEMPORARY, new=PASSWORD).changed

    def test_a_wrong_current_one_counts_as_a_wrong_try(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        for _ in range(10):
            answer = store.change_password_in(session_id, current=WRONG, new=NEXT)
            assert (answer.changed, answer.proof) == (False, LoginVerdict.WRONG)
        assert store.change_password_in(session_id, current=PASSWORD, new=NEXT).proof is LoginVerdict.VOID
        assert not check(store, CONTRACT, PASSWORD).accepted

    def test_guesses_from_within_a_session_wait_as_a_strangers_do(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        proofs = [
            store.change_password_in(session_id, current=WRONG, new=NEXT, origin="192.0.2.1").proof for _ in "123"
        ]
        assert proofs == [LoginVerdict.WRONG, LoginVerdict.WRONG, LoginVerdict.BRAKED]

    def test_the_current_one_is_the_one_that_the_session_logged_in_with(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        call(store)
        answer = store.change_password_in(session_id, current=TEMPORARY, new=NEXT)
        assert (answer.changed, answer.proof) == (False, LoginVerdict.WRONG)

    def test_each_broken_rule_is_named(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        answer = store.change_password_in(session_id, current=PASSWORD, new="aaaa1")
        assert answer.problems == {PasswordProblem.LENGTH, PasswordProblem.EQUAL_RUN}
        same = store.change_password_in(session_id, current=PASSWORD, new=PASSWORD)
        assert same.problems == {PasswordProblem.CURRENT}

    def test_the_administrator_changes_that_of_any_number_with_his_own(self, store: CredentialStore) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        theirs, mine = log_in(store, SECOND), log_in(store)
        for number in (SECOND, THIRD):
            assert store.change_password_in(mine, current=PASSWORD, new=NEXT, number=number).changed
            assert check(store, number, NEXT).accepted
        assert isinstance(store.session(theirs), EndedSession)
        assert isinstance(store.session(mine), Session)
        records = store.audit_records(number=SECOND)
        assert [(record.actor, record.number) for record in records if record.action == "PASSWORD_CHANGED"][-1] == (
            CONTRACT,
            SECOND,
        )

    @pytest.mark.parametrize("number", [CONTRACT, THIRD, OTHER, "0799999999", "nobody"])
    def test_nobody_else_changes_that_of_another_number(self, store: CredentialStore, number: str) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        with pytest.raises(NotAllowed):
            store.change_password_in(log_in(store, SECOND), current=PASSWORD, new=NEXT, number=number)

    def test_an_administrator_whose_own_password_has_expired_changes_that_first(
        self, store: CredentialStore, clock: Any
    ) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        clock.advance(days=61)
        with pytest.raises(NotAllowed):
            store.change_password_in(start(store), current=PASSWORD, new=NEXT, number=SECOND)

    def test_in_unit_number_the_contract_number_changes_only_its_own(self, store: CredentialStore) -> None:
        sign_up(store)
        sign_up(store, SECOND)
        with pytest.raises(NotAllowed):
            store.change_password_in(log_in(store), current=PASSWORD, new=NEXT, number=SECOND)

    def test_an_unfinished_login_changes_no_unit(self, store: CredentialStore) -> None:
        call(store)
        with pytest.raises(WrongStage) as caught:
            store.change_unit_in(start(store, secret=TEMPORARY), Unit.LINE, {CONTRACT: PASSWORD})
        assert caught.value.stage is Stage.CHANGE_PASSWORD

    def test_nothing_is_stored_for_a_session_that_ended_meanwhile(
        self, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign_up(store)
        session_id = log_in(store)
        matches = store._password_hasher.matches

        def logged_in_elsewhere_meanwhile(*arguments: Any) -> bool:
            answer = matches(*arguments)
            monkeypatch.undo()
            log_in(store)
            return answer

        monkeypatch.setattr(store._password_hasher, "matches", logged_in_elsewhere_meanwhile)
        with pytest.raises(SessionOver) as caught:
            store.change_password_in(session_id, current=PASSWORD, new=NEXT)
        assert caught.value.ended is not None
        assert caught.value.ended.reason is EndReason.NEWER_LOGIN
        assert check(store, CONTRACT, PASSWORD).accepted
