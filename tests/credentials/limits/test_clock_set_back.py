"""A wrong clock is corrected or set back: what it noted in the future does not count.

The rules are in docs/rules.md 4.5.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.limits.throttling import CallLimits
from credentials.model import ChangeReason, Line, LoginVerdict, Refusal, Unit
from credentials.rules import PASSWORD_LIFETIME, TEMPORARY_PASSWORD_LIFETIME
from credentials.store import CredentialStore
from storage.clock import CLOCKS_APART
from tests.credentials.stores import check
from tests.storage.databases import FakeClock

CONTRACT = "0312345678"
TEMPORARY, PASSWORD = "13572468", "Tr0ubador7"
LIMITS = CallLimits(sets_per_hour=3, failed_calls=3, refused_for=timedelta(minutes=20))
INSTANT = timedelta(microseconds=1)
TOO_FAR = st.timedeltas(CLOCKS_APART + INSTANT, timedelta(days=4000))

many = settings(max_examples=30)


def set_temporary(store: CredentialStore, call_id: str = "call") -> None:
    store.set_temporary_password(caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password=TEMPORARY, call_id=call_id)


@pytest.fixture
def limited(store: CredentialStore, open_store: Callable[..., CredentialStore]) -> CredentialStore:
    return open_store(limits=LIMITS)


class TestThrottling:
    @pytest.mark.parametrize("act", ["set", "fail"])
    def test_a_line_that_was_refused_before_the_clock_was_set_back_by_a_day_is_let_in(
        self, limited: CredentialStore, clock: FakeClock, act: str
    ) -> None:
        for call in "123":
            if act == "set":
                set_temporary(limited, call)
            else:
                limited.note_failed_call(CONTRACT, call_id=call)
        assert limited.admit(CONTRACT) is Refusal.THROTTLED
        clock.advance(days=-1)
        assert isinstance(limited.admit(CONTRACT), Line)
        set_temporary(limited, "4")
        clock.advance(days=1)  # what a call found in the future was removed, and does not refuse when its time comes
        assert isinstance(limited.admit(CONTRACT), Line)


class TestTemporaryPasswords:
    def test_one_that_was_set_in_the_future_has_expired_and_is_not_good_when_its_time_comes(
        self, store: CredentialStore, clock: FakeClock
    ) -> None:
        set_temporary(store)
        clock.advance(days=-1)
        assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.EXPIRED
        clock.advance(days=1, hours=1)
        assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.UNKNOWN

    def test_a_new_one_replaces_it(self, store: CredentialStore, clock: FakeClock) -> None:
        set_temporary(store)
        clock.advance(days=-1)
        set_temporary(store, "another")
        assert check(store, CONTRACT, TEMPORARY) is LoginVerdict.ACCEPTED

    def test_a_login_that_was_made_before_the_clock_was_set_back_changes_no_password(
        self, store: CredentialStore, clock: FakeClock
    ) -> None:
        set_temporary(store)
        login = store.log_in(CONTRACT, TEMPORARY, session_id="session")
        clock.advance(days=-1)
        assert not store.change_password(login, PASSWORD, session_id="session").changed


@many
@given(moved=st.timedeltas(timedelta(days=-4000), timedelta(days=100)))
def test_a_password_of_the_future_has_to_be_changed(store: CredentialStore, clock: FakeClock, moved: timedelta) -> None:
    set_temporary(store, f"{moved}")
    login = store.log_in(CONTRACT, TEMPORARY, session_id="session")
    new = f"{PASSWORD}{'x' if check(store, CONTRACT, PASSWORD).accepted else ''}"
    assert store.change_password(login, new, session_id="session").changed
    clock.now += moved
    login = store.log_in(CONTRACT, new, session_id="session")
    assert login.verdict.accepted
    good = -CLOCKS_APART <= moved < PASSWORD_LIFETIME
    assert login.must_change is (None if good else ChangeReason.EXPIRED)
    clock.now -= moved


@many
@given(back=TOO_FAR)
def test_calls_of_an_impossible_future_do_not_count_towards_a_refusal(
    limited: CredentialStore, clock: FakeClock, back: timedelta
) -> None:
    limited.unlock_line(CONTRACT)
    for call in "12":
        limited.note_failed_call(CONTRACT, call_id=call)
    clock.now -= back
    assert limited.note_failed_call(CONTRACT, call_id="3") is None
    assert limited.note_failed_call(CONTRACT, call_id="4") is None
    assert limited.note_failed_call(CONTRACT, call_id="5") is not None
    clock.now += back


@many
@given(back=st.timedeltas(timedelta(0), timedelta(days=30)))
def test_no_line_is_refused_for_longer_than_the_limit_and_what_clocks_may_be_apart(
    limited: CredentialStore, clock: FakeClock, back: timedelta
) -> None:
    limited.unlock_line(CONTRACT)
    for call in "123":
        limited.note_failed_call(CONTRACT, call_id=call)
    began, clock.now = clock.now, clock.now - back
    refused = limited.admit(CONTRACT) is Refusal.THROTTLED
    assert refused is (back <= CLOCKS_APART)
    if refused:
        clock.now += LIMITS.refused_for + CLOCKS_APART
        assert isinstance(limited.admit(CONTRACT), Line)
    clock.now = began


@many
@given(moved=st.timedeltas(timedelta(days=-400), timedelta(days=2)))
def test_a_temporary_password_is_good_from_its_setting_on_for_24_hours_whatever_the_clock_does(
    store: CredentialStore, clock: FakeClock, moved: timedelta
) -> None:
    set_temporary(store, f"{moved}")
    clock.now += moved
    good = -CLOCKS_APART <= moved < TEMPORARY_PASSWORD_LIFETIME
    wanted = LoginVerdict.ACCEPTED if good else LoginVerdict.EXPIRED
    assert check(store, CONTRACT, TEMPORARY) is wanted
    clock.now -= moved
