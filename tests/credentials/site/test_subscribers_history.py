"""A subscriber's history, and "this was not me" (docs/rules.md 3.13)."""

from typing import Any

import pytest

from credentials.errors import NotAllowed, WrongStage
from credentials.model import LoginVerdict, Unit
from credentials.site.history import Event, Proof
from credentials.site.session import EndedSession, EndReason, Session, Stage
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    CONTRACT,
    OTHER,
    PASSWORD,
    SECOND,
    TEMPORARY,
    THIRD,
    WRONG,
    Mailbox,
    call,
    log_in,
    prove,
    session,
    sign_up,
    start,
    use_one_time,
)
from tests.credentials.stores import check


def told(events: tuple[Event, ...]) -> list[tuple[str, str, Proof, str]]:
    return [(event.action, event.number, event.proof, event.verdict) for event in events]


class TestHistory:
    def test_it_says_what_was_done_when_and_by_which_proof(self, store: CredentialStore, clock: Any) -> None:
        mailbox = Mailbox()
        use_one_time(store, mailbox)
        clock.advance(minutes=1)
        check(store, CONTRACT, WRONG)
        session_id = prove(store, mailbox, start(store))
        events = store.history(session_id).events
        assert told(events) == [
            ("ONE_TIME_CODE_PROOF", CONTRACT, Proof.ONE_TIME_PASSWORD, "ACCEPTED"),
            ("ONE_TIME_CODE_SENT", CONTRACT, Proof.PASSWORD, ""),
            ("LOGIN", CONTRACT, Proof.PASSWORD, "ACCEPTED"),
            ("LOGIN", CONTRACT, Proof.PASSWORD, "WRONG"),
            ("ONE_TIME_ADDRESS_CONFIRMED", CONTRACT, Proof.LINK, ""),
            ("ONE_TIME_LINK_SENT", CONTRACT, Proof.SESSION, ""),
            ("ONE_TIME_CHOSEN", CONTRACT, Proof.SESSION, ""),
            ("LOGIN", CONTRACT, Proof.PASSWORD, "ACCEPTED"),
            ("UNIT_CHANGED", CONTRACT, Proof.PASSWORD, ""),
            ("PASSWORD_CHANGED", CONTRACT, Proof.TEMPORARY_PASSWORD, ""),
            ("PASSWORD_PROOF", CONTRACT, Proof.TEMPORARY_PASSWORD, "ACCEPTED"),
            ("LOGIN", CONTRACT, Proof.TEMPORARY_PASSWORD, "ACCEPTED"),
            ("TEMPORARY_PASSWORD_SET", CONTRACT, Proof.CALL, ""),
        ]
        assert events[0].at == clock.now
        assert events[0].session == session(store, session_id).name
        assert {event.actor for event in events} == {CONTRACT}

    def test_it_has_pages(self, store: CredentialStore) -> None:
        sign_up(store)
        for _ in range(5):
            check(store, CONTRACT, PASSWORD)
        session_id = log_in(store)
        whole = store.history(session_id).events
        pages, before = [], None
        while True:
            page = store.history(session_id, before=before, size=3)
            pages.append(page.events)
            before = page.older
            if before is None:
                break
        assert [event for page in pages for event in page] == list(whole)
        assert {len(page) for page in pages[:-1]} == {3}

    def test_the_administrator_sees_the_line_and_any_other_number_itself(self, store: CredentialStore) -> None:
        for number in (CONTRACT, SECOND, OTHER):
            sign_up(store, number, Unit.ADMIN_USER)
        seen = {
            number: {event.number for event in store.history(log_in(store, number)).events}
            for number in (CONTRACT, SECOND)
        }
        assert seen == {CONTRACT: {CONTRACT, SECOND}, SECOND: {SECOND}}

    def test_in_unit_number_the_contract_number_sees_itself(self, store: CredentialStore) -> None:
        sign_up(store)
        sign_up(store, SECOND)
        assert {event.number for event in store.history(log_in(store)).events} == {CONTRACT}

    def test_a_number_of_another_holder_before_is_not_shown_with_his_history(self, store: CredentialStore) -> None:
        sign_up(store, SECOND, Unit.ADMIN_USER)
        sign_up(store, OTHER, Unit.ADMIN_USER)
        store.move_number(SECOND, to=OTHER)
        session_id = log_in(store, OTHER)
        assert {event.number for event in store.history(session_id).events} == {OTHER}
        call(store, SECOND, Unit.ADMIN_USER)
        assert told(store.history(session_id).events)[0] == ("TEMPORARY_PASSWORD_SET", SECOND, Proof.CALL, "")

    def test_an_operator_has_no_name_in_it(self, store: CredentialStore) -> None:
        sign_up(store)
        store.lock_logins(CONTRACT, operator="0312345679")
        store.unlock_logins(CONTRACT, operator="tanaka")
        events = store.history(log_in(store)).events
        assert [(event.action, event.actor) for event in events if event.proof is Proof.OPERATOR] == [
            ("LOGINS_UNLOCKED", ""),
            ("LOGINS_LOCKED", ""),
        ]

    def test_an_unfinished_login_sees_none(self, store: CredentialStore) -> None:
        sign_up(store)
        with pytest.raises(WrongStage):
            store.history(start(store))


class TestThisWasNotMe:
    def stolen(self, store: CredentialStore) -> tuple[str, str]:
        """Let a thief log in as the second number; return the sessions of the administrator and of the thief."""
        for number in (CONTRACT, SECOND):
            sign_up(store, number, Unit.ADMIN_USER)
        thief = log_in(store, SECOND)
        return log_in(store), thief

    def report(self, store: CredentialStore, session_id: str, number: str = SECOND, action: str = "LOGIN") -> None:
        events = store.history(session_id).events
        store.report(session_id, next(e.position for e in events if (e.number, e.action) == (number, action)))

    def test_it_ends_all_sessions_of_the_line_at_once_and_locks_its_logins(self, store: CredentialStore) -> None:
        mine, thief = self.stolen(store)
        self.report(store, mine)
        for session_id in (mine, thief):
            found = store.session(session_id)
            assert isinstance(found, EndedSession)
            assert found.reason is EndReason.REPORTED
        assert {check(store, number, PASSWORD) for number in (CONTRACT, SECOND)} == {LoginVerdict.LOCKED}
        assert check(store, CONTRACT, WRONG) is LoginVerdict.LOCKED

    def test_a_call_from_the_line_opens_them_but_not_for_what_the_thief_knows(self, store: CredentialStore) -> None:
        mine, _ = self.stolen(store)
        self.report(store, mine)
        call(store, THIRD, Unit.ADMIN_USER, "86427531")
        assert check(store, CONTRACT, PASSWORD).accepted
        assert check(store, SECOND, PASSWORD) is LoginVerdict.UNKNOWN
        sign_up(store, SECOND, Unit.ADMIN_USER, "Zeppelin5")
        assert isinstance(store.session(start(store, SECOND, "Zeppelin5")), Session)
        actions = [record.action for record in store.audit_records(number=CONTRACT)]
        assert actions.index("LOGINS_LOCKED") < actions.index("LOGINS_UNLOCKED")

    def test_a_temporary_password_that_was_set_before_is_void(self, store: CredentialStore) -> None:
        mine, _ = self.stolen(store)
        call(store, SECOND, Unit.ADMIN_USER, "86427531")
        self.report(store, mine, action="TEMPORARY_PASSWORD_SET")
        call(store, THIRD, Unit.ADMIN_USER)
        assert check(store, SECOND, "86427531") is LoginVerdict.UNKNOWN

    def test_an_address_that_a_thief_has_set_gets_no_more_codes(self, store: CredentialStore) -> None:
        mine, _ = self.stolen(store)
        mailbox = Mailbox()
        use_one_time(store, mailbox, THIRD, Unit.ADMIN_USER)
        self.report(store, mine, THIRD, "ONE_TIME_ADDRESS_CONFIRMED")
        sign_up(store, THIRD, Unit.ADMIN_USER)
        assert session(store, start(store, THIRD)).stage is Stage.CHOOSE_ONE_TIME_PASSWORD

    def test_a_half_finished_login_changes_no_password_any_more(self, store: CredentialStore) -> None:
        mine, _ = self.stolen(store)
        call(store, THIRD, Unit.ADMIN_USER)
        login = store.log_in(THIRD, TEMPORARY, session_id="thief")
        self.report(store, mine)
        assert not store.change_password(login, PASSWORD, session_id="thief").changed

    def test_only_events_of_the_own_history_can_be_reported(self, store: CredentialStore) -> None:
        mine, thief = self.stolen(store)
        foreign = store.history(mine).events[-1].position
        added = store.audit_records()[1].position
        for position in (foreign, added, 0, 10**6):
            with pytest.raises(NotAllowed):
                store.report(thief, position)
        assert isinstance(store.session(mine), Session)

    def test_an_operator_opens_them_too(self, store: CredentialStore) -> None:
        mine, _ = self.stolen(store)
        self.report(store, mine)
        assert store.unlock_logins(SECOND, operator="tanaka")
        assert check(store, CONTRACT, PASSWORD).accepted
