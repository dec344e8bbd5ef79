"""A stranger's wrong tries at the settings site are braked by their origin, and the next call reports them.

The rules are in docs/rules.md 4.4.
"""

from __future__ import annotations

import pytest

from credentials.limits.origin_brake import TryLimits
from credentials.model import Line, LoginVerdict, Unit
from credentials.store import CredentialStore
from tests.storage.databases import FakeClock

CONTRACT, SECOND, OTHER = "0312345678", "0312345679", "0612345678"
PASSWORD, WRONG = "13572468", "00000001"
STRANGER, HOME = "192.0.2.7", "198.51.100.9"
V = LoginVerdict


def tried(store: CredentialStore, number: str, secret: str, origin: str) -> LoginVerdict:
    return store.log_in(number, secret, session_id="test", origin=origin).verdict


@pytest.fixture
def site(store: CredentialStore) -> CredentialStore:
    for number in (CONTRACT, SECOND, OTHER):
        store.set_temporary_password(
            caller=number, target=number, unit=Unit.NUMBER, password=PASSWORD, call_id=f"call {number}"
        )
    return store


def test_the_try_that_would_void_a_number_has_to_wait_and_does_not_count(site: CredentialStore) -> None:
    assert [tried(site, CONTRACT, WRONG, STRANGER) for _ in range(5)] == [
        V.WRONG,
        V.WRONG,
        V.BRAKED,
        V.BRAKED,
        V.BRAKED,
    ]
    assert tried(site, CONTRACT, PASSWORD, STRANGER) is V.BRAKED
    assert tried(site, CONTRACT, PASSWORD, HOME) is V.ACCEPTED


def test_after_a_minute_it_is_judged(site: CredentialStore, clock: FakeClock) -> None:
    for _ in range(2):
        tried(site, CONTRACT, WRONG, HOME)
    clock.advance(minutes=1, microseconds=-1)
    assert tried(site, CONTRACT, PASSWORD, HOME) is V.BRAKED
    clock.advance(microseconds=1)
    assert tried(site, CONTRACT, PASSWORD, HOME) is V.ACCEPTED


def test_one_origin_tries_so_many_numbers_and_no_more(site: CredentialStore, clock: FakeClock) -> None:
    site._tries = TryLimits(tries=3)
    for number in (CONTRACT, CONTRACT, SECOND):
        assert tried(site, number, WRONG, STRANGER) is V.WRONG
    assert tried(site, OTHER, WRONG, STRANGER) is V.BRAKED
    assert tried(site, OTHER, WRONG, HOME) is V.WRONG
    clock.advance(minutes=15)
    assert tried(site, OTHER, WRONG, STRANGER) is V.WRONG


def test_the_pause_does_not_tell_which_numbers_are_known(site: CredentialStore) -> None:
    site.lock_line(OTHER)
    for number, verdict in ((CONTRACT, V.WRONG), ("0399999999", V.UNKNOWN), (OTHER, V.LOCKED)):
        assert [tried(site, number, WRONG, STRANGER) for _ in range(3)] == [verdict, verdict, V.BRAKED]


def test_numbers_that_nobody_has_count_against_their_origin(site: CredentialStore) -> None:
    tries = [tried(site, f"03{digits:08d}", WRONG, STRANGER) for digits in range(11)]
    assert tries == [V.UNKNOWN] * 10 + [V.BRAKED]
    assert tried(site, CONTRACT, PASSWORD, STRANGER) is V.BRAKED


def test_the_addresses_of_one_customer_are_one_origin(site: CredentialStore) -> None:
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
    assert [tried(site, CONTRACT, WRONG, address) for address in addresses] == [V.WRONG, V.WRONG, V.BRAKED]
    mapped = ["::ffff:192.0.2.9", "192.0.2.9"]
    assert [tried(site, SECOND, WRONG, address) for address in (*mapped, *mapped)][2:] == [V.BRAKED, V.BRAKED]


def test_right_tries_are_not_counted(site: CredentialStore) -> None:
    assert {tried(site, CONTRACT, PASSWORD, HOME) for _ in range(20)} == {V.ACCEPTED}


def test_without_an_origin_there_is_no_brake(site: CredentialStore) -> None:
    assert [tried(site, CONTRACT, WRONG, "") for _ in range(4)] == [V.WRONG, V.WRONG, V.WRONG, V.VOID]


@pytest.mark.parametrize("origin", ["\ud800", "\0", "x" * 5000])
def test_any_text_is_an_origin(site: CredentialStore, origin: str) -> None:
    assert [tried(site, CONTRACT, WRONG, origin) for _ in range(3)] == [V.WRONG, V.WRONG, V.BRAKED]


def test_what_a_wrong_clock_noted_in_the_future_brakes_nobody(site: CredentialStore, clock: FakeClock) -> None:
    for _ in range(2):
        tried(site, CONTRACT, WRONG, HOME)
    clock.advance(days=-1)
    assert tried(site, CONTRACT, WRONG, HOME) is not V.BRAKED


class TestTellingTheCaller:
    """docs/rules.md 2.4"""

    def line(self, store: CredentialStore) -> Line:
        line = store.admit(CONTRACT)
        assert isinstance(line, Line)
        return line

    def test_the_next_call_of_the_line_knows_which_numbers_were_tried_out(self, site: CredentialStore) -> None:
        assert self.line(site).tried_out == frozenset()
        for _ in range(3):
            tried(site, SECOND, WRONG, "")
        assert self.line(site).tried_out == {SECOND}

    def test_setting_it_anew_ends_that_and_so_does_a_week(self, site: CredentialStore, clock: FakeClock) -> None:
        for number in (CONTRACT, SECOND):
            for _ in range(3):
                tried(site, number, WRONG, "")
        site.set_temporary_password(caller=SECOND, target=SECOND, unit=Unit.NUMBER, password=PASSWORD, call_id="again")
        assert self.line(site).tried_out == {CONTRACT}
        clock.advance(days=8)
        assert self.line(site).tried_out == frozenset()
