"""Operators see states of credentials and never a secret, and lock and end logins (docs/rules.md 3.14)."""

from datetime import timedelta
from typing import Any

import pytest

from credentials.errors import InvalidNumber, UnknownLine
from credentials.model import LoginVerdict, Unit
from credentials.site.session import EndedSession, EndReason, Session, Stage
from credentials.site.states import SecretState
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONTRACT,
    PASSWORD,
    SECOND,
    TEMPORARY,
    THIRD,
    WRONG,
    Mailbox,
    call,
    log_in,
    session,
    sign_up,
    start,
    use_one_time,
)
from tests.credentials.stores import check


def reason(store: CredentialStore, session_id: str) -> EndReason | None:
    found = store.session(session_id)
    return found.reason if isinstance(found, EndedSession) else None


def test_states_say_until_when_and_how_many_tries_are_left(store: CredentialStore, clock: Any) -> None:
    use_one_time(store, Mailbox())
    call(store, SECOND)
    check(store, CONTRACT, WRONG)
    check(store, SECOND, WRONG)
    log_in_at = clock.now
    start(store)
    state = store.credentials_of(SECOND)
    assert (state.line.contract_number, state.line.unit, state.reported_since) == (CONTRACT, Unit.NUMBER, None)
    first, second, third = state.numbers
    assert first.number == CONTRACT
    assert first.password == SecretState(LoginVerdict.ACCEPTED, clock.now, clock.now + timedelta(days=60), 10)
    assert second.temporary == SecretState(LoginVerdict.ACCEPTED, clock.now, clock.now + timedelta(hours=24), 2)
    assert (first.temporary, second.password, third.temporary, third.password) == (None, None, None, None)
    assert [number.one_time_used for number in state.numbers] == [True, None, None]
    assert [number.session_since for number in state.numbers] == [log_in_at, None, None]
    assert (first.address, first.masked().address, third.masked().address) == (ADDRESS, "t***@e***.jp", None)


def test_states_have_pages(store: CredentialStore) -> None:
    page = store.credentials_of(CONTRACT, size=2)
    assert ([number.number for number in page.numbers], page.more) == ([CONTRACT, SECOND], SECOND)
    rest = store.credentials_of(CONTRACT, after=SECOND, size=2)
    assert ([number.number for number in rest.numbers], rest.more) == ([THIRD], None)


def test_no_secret_is_in_them(store: CredentialStore) -> None:
    mailbox = Mailbox()
    use_one_time(store, mailbox)
    call(store, SECOND)
    shown = repr(store.credentials_of(CONTRACT))
    for secret in (PASSWORD, TEMPORARY, "$argon2id$", mailbox.links[0].token):
        assert secret not in shown


def test_a_number_whose_logins_are_locked_does_not_log_in_and_calls_go_on(store: CredentialStore, clock: Any) -> None:
    sign_up(store)
    sign_up(store, SECOND)
    session_id = log_in(store)
    assert store.lock_logins(CONTRACT, operator="tanaka")
    assert not store.lock_logins(CONTRACT, operator="tanaka")
    assert reason(store, session_id) is EndReason.LOCKED
    assert check(store, CONTRACT, PASSWORD) is LoginVerdict.LOCKED
    assert check(store, SECOND, PASSWORD).accepted
    call(store)
    assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.LOCKED
    assert store.credentials_of(CONTRACT).numbers[0].locked_since == clock.now
    assert store.unlock_logins(CONTRACT, operator="tanaka")
    assert not store.unlock_logins(CONTRACT, operator="tanaka")
    assert check(store, CONTRACT, PASSWORD).accepted
    assert reason(store, session_id) is EndReason.LOCKED
    told = [(record.action, record.actor) for record in store.audit_records(number=CONTRACT)]
    assert [each for each in told if each[1] == "tanaka"] == [
        ("LOGINS_LOCKED", "tanaka"),
        ("LOGINS_UNLOCKED", "tanaka"),
    ]


def test_sessions_are_ended_for_a_number_or_a_line_half_finished_logins_too(store: CredentialStore) -> None:
    sign_up(store)
    sign_up(store, SECOND)
    call(store, THIRD)
    ids = [log_in(store), start(store, SECOND), start(store, THIRD, TEMPORARY)]
    assert store.end_sessions(CONTRACT, operator="tanaka") == 1
    assert [reason(store, each) for each in ids] == [EndReason.ENDED_BY_OPERATOR, None, None]
    assert store.end_sessions(SECOND, whole_line=True, operator="tanaka") == 2
    assert {reason(store, each) for each in ids} == {EndReason.ENDED_BY_OPERATOR}
    assert store.end_sessions(CONTRACT, operator="tanaka") == 0


def test_who_cannot_read_the_mails_any_more_chooses_again(store: CredentialStore) -> None:
    use_one_time(store, Mailbox())
    session_id = start(store)
    assert store.reset_one_time_password(CONTRACT, operator="tanaka")
    assert not store.reset_one_time_password(CONTRACT, operator="tanaka")
    assert reason(store, session_id) is EndReason.SETTINGS_CHANGED
    assert session(store, start(store)).stage is Stage.CHOOSE_ONE_TIME_PASSWORD


def test_a_number_that_moves_leaves_its_lock_behind(store: CredentialStore) -> None:
    store.lock_logins(SECOND, operator="tanaka")
    store.move_number(SECOND, to="0612345678")
    sign_up(store, SECOND)
    assert isinstance(store.session(start(store, SECOND)), Session)


@pytest.mark.parametrize(
    "act", ["credentials_of", "lock_logins", "unlock_logins", "end_sessions", "reset_one_time_password"]
)
def test_a_number_that_nobody_has_is_named(store: CredentialStore, act: str) -> None:
    who = {} if act == "credentials_of" else {"operator": "tanaka"}
    with pytest.raises(UnknownLine, match="0799999999"):
        getattr(store, act)("0799999999", **who)
    with pytest.raises(InvalidNumber):
        getattr(store, act)("nobody", **who)
