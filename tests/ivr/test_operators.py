"""Operators' accounts: passwords, roles, and tries that fail."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from typer.testing import CliRunner, Result

from credentials import CLOCKS_APART, Action, CredentialStore, HashPolicy, InvalidKey, Key
from credentials.database import Database
from ivr.cli.operator import operator_app
from ivr.operators import (
    BadPassword,
    InvalidOperator,
    NameTaken,
    Operators,
    Origin,
    Role,
    Sessions,
    UnknownOperator,
)
from ivr.operators.sessions import IDLE
from ivr.operators.tries import FAILURES, FAILURES_OF_STRANGERS, REFUSED_FOR, Count
from ivr.schema import operator_sessions
from ivr.schema import operators as table
from tests.credentials.conftest import FakeClock
from tests.ivr.records.conftest import clock, database, empty_url, postgresql, pytest_generate_tests

__all__ = ["clock", "database", "empty_url", "postgresql", "pytest_generate_tests"]

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
PASSWORD = "correct horse battery"
STRANGER = Origin("198.51.100.1")
OpenStore = Callable[[], CredentialStore]


@pytest.fixture
def open_store(empty_url: str, clock: FakeClock) -> OpenStore:
    """Opens the credential store, in the database of which the operators are."""
    key = Key.generate()
    return lambda: CredentialStore.open(empty_url, key=key, policy=CHEAP, clock=clock)


@pytest.fixture
def operators(database: Database, open_store: OpenStore, clock: FakeClock) -> Operators:
    made = Operators(database, open_store=open_store, policy=CHEAP, clock=clock)
    made.add("otto", PASSWORD, role=Role.OPERATOR, language="ja", by="operator root")
    return made


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    return Sessions(database, clock=clock)


def test_an_operator_is_proved_by_the_password_alone(operators: Operators) -> None:
    proved = operators.prove("otto", PASSWORD)
    assert proved is not None
    assert (proved.name, proved.role, proved.language) == ("otto", Role.OPERATOR, "ja")
    for name, password in (
        ("otto", PASSWORD.upper()),
        ("otto", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("o", "x" * 10_000),
    ):
        assert operators.prove(name, password) is None


def test_hashes_are_argon2id_as_for_production(database: Database, open_store: OpenStore) -> None:
    made = Operators(database, open_store=open_store)
    made.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root")
    with database.reading() as connection:
        stored = connection.scalar(select(table.c.hash))
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in stored


def test_a_password_is_the_same_however_a_keyboard_composes_it(operators: Operators) -> None:
    operators.add("nina", "がぎぐげご ざじずぜぞ é", role=Role.VIEWER, language="ja", by="operator root")
    assert operators.prove("nina", "か\u3099ぎぐげご\u3000ざじずぜぞ e\u0301") is not None


@pytest.mark.parametrize(
    ("password", "rule"),
    [("elevenchars", "short"), ("x" * 257, "long"), ("abcabcabcabcabc", "plain"), ("long-live-OTTO!", "name")],
)
def test_a_password_that_is_easy_to_guess_is_refused_without_being_shown(
    operators: Operators, password: str, rule: str
) -> None:
    with pytest.raises(BadPassword) as refusal:
        operators.set_password("otto", password, by="operator root")
    assert refusal.value.rule == rule
    assert password not in str(refusal.value)
    assert operators.prove("otto", PASSWORD) is not None


@pytest.mark.parametrize("name", ["", "Otto", "9lives", "a" * 33, "a b", "ヤマダ", "a/b", "a\n"])
def test_a_name_that_is_none_is_refused(operators: Operators, name: str) -> None:
    with pytest.raises(InvalidOperator):
        operators.add(name, PASSWORD, role=Role.VIEWER, language="ja", by="operator root")


def test_a_name_is_given_once_and_a_language_is_one_of_the_consoles(operators: Operators) -> None:
    with pytest.raises(NameTaken, match="'otto' already"):
        operators.add("otto", PASSWORD, role=Role.ADMIN, language="ja", by="operator root")
    with pytest.raises(InvalidOperator, match="does not speak 'fr'"):
        operators.set_language("otto", "fr")


def test_what_is_done_to_nobody_says_so(operators: Operators) -> None:
    for change in (
        lambda: operators.remove("nobody", by="operator root"),
        lambda: operators.set_role("nobody", Role.ADMIN, by="operator root"),
        lambda: operators.set_password("nobody", PASSWORD, by="operator root"),
        lambda: operators.set_language("nobody", "ja"),
    ):
        with pytest.raises(UnknownOperator, match="ivr operator list"):
            change()


class TestAudit:
    """What is done to operators is in the audit trail, with who did it."""

    def test_each_change_is_recorded_with_who_made_it(self, operators: Operators, open_store: OpenStore) -> None:
        operators.add("ada", PASSWORD, role=Role.VIEWER, language="en", by="operator root")
        operators.set_role("ada", Role.ADMIN, by="operator otto (console)")
        operators.set_password("ada", "a rather long one", by="operator ada (console)")
        operators.remove("ada", by="operator otto (console)")
        with open_store() as store:
            told = [(record.action, record.detail, record.actor) for record in store.audit_records(last=4)]
            assert store.verify_audit().problem is None
        assert told == [
            (Action.OPERATOR_ADDED, "ada, viewer", "operator root"),
            (Action.OPERATOR_ROLE, "ada, admin", "operator otto (console)"),
            (Action.OPERATOR_PASSWORD, "ada", "operator ada (console)"),
            (Action.OPERATOR_REMOVED, "ada", "operator otto (console)"),
        ]

    def test_what_is_refused_is_not_recorded(self, operators: Operators, open_store: OpenStore) -> None:
        with open_store() as store:
            before = store.audit_records()
        with pytest.raises(NameTaken):
            operators.add("otto", PASSWORD, role=Role.ADMIN, language="ja", by="operator root")
        with pytest.raises(UnknownOperator):
            operators.remove("nobody", by="operator root")
        with open_store() as store:
            assert store.audit_records() == before

    def test_what_cannot_be_recorded_is_not_done(
        self, database: Database, operators: Operators, clock: FakeClock
    ) -> None:
        def fail() -> CredentialStore:
            raise InvalidKey("no key")

        keyless = Operators(database, open_store=fail, policy=CHEAP, clock=clock)
        for change in (
            lambda: keyless.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root"),
            lambda: keyless.set_role("otto", Role.ADMIN, by="operator root"),
            lambda: keyless.set_password("otto", "a rather long one", by="operator root"),
            lambda: keyless.remove("otto", by="operator root"),
        ):
            with pytest.raises(InvalidKey):
                change()
        assert [(one.name, one.role) for one in operators.all()] == [("otto", Role.OPERATOR)]
        assert operators.prove("otto", PASSWORD) is not None

    def test_a_record_that_fails_takes_the_change_back(
        self, operators: Operators, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_words: object, **_names: object) -> None:
            raise RuntimeError("the record failed")

        monkeypatch.setattr("credentials.audit.append", fail)
        with pytest.raises(RuntimeError):
            operators.remove("otto", by="operator root")
        assert [one.name for one in operators.all()] == ["otto"]


def test_roles_include_those_before_them() -> None:
    may = {role: [other for other in Role if role.may(other)] for role in Role}
    assert may == {
        Role.VIEWER: [Role.VIEWER],
        Role.OPERATOR: [Role.VIEWER, Role.OPERATOR],
        Role.ADMIN: [Role.VIEWER, Role.OPERATOR, Role.ADMIN],
    }


class TestTries:
    def test_five_failures_in_a_row_refuse_the_sixth_try_for_a_minute(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        for _ in range(FAILURES):
            assert operators.prove("otto", "wrong") is None
        assert operators.prove("otto", PASSWORD) is None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD) is not None

    def test_a_success_forgets_failures(self, operators: Operators) -> None:
        for _ in range(3):
            for _ in range(FAILURES - 1):
                assert operators.prove("otto", "wrong") is None
            assert operators.prove("otto", PASSWORD) is not None

    def test_many_tries_at_once_count_as_many(self, operators: Operators) -> None:
        with ThreadPoolExecutor(8) as pool:
            tries = [pool.submit(operators.prove, "otto", "wrong") for _ in range(16)]
            assert {one.result() for one in tries} == {None}
        assert operators.prove("otto", PASSWORD) is None

    def test_a_new_password_lets_in_at_once(self, operators: Operators) -> None:
        for _ in range(FAILURES):
            operators.prove("otto", "wrong")
        operators.set_password("otto", "a rather long one", by="operator root")
        assert operators.prove("otto", "a rather long one") is not None

    def test_five_failures_refuse_the_browser_or_address_that_they_came_from_and_no_other(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        for _ in range(FAILURES):
            operators.prove("otto", "wrong", STRANGER)
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    @pytest.mark.parametrize("seconds", [1, 59, 61, 150])
    def test_one_address_alone_never_uses_up_the_tries_of_all(
        self, operators: Operators, clock: FakeClock, seconds: int
    ) -> None:
        for _ in range(seconds):
            for _ in range(FAILURES + 1):
                operators.prove("otto", "wrong", STRANGER)
            clock.advance(seconds=1)
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None

    def test_many_addresses_make_no_more_than_so_many_guesses_a_minute(
        self, database: Database, clock: FakeClock, operators: Operators
    ) -> None:
        compared: list[str] = []
        operators._hasher.matches = lambda _password, stored: bool(stored and compared.append(stored))  # type: ignore[method-assign]
        for minute in range(3):
            for place in range(200):
                operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            assert len(compared) == FAILURES_OF_STRANGERS * (minute + 1)
            clock.now += REFUSED_FOR

    def test_what_strangers_do_is_counted_over_all_consoles(
        self, database: Database, open_store: OpenStore, clock: FakeClock, operators: Operators
    ) -> None:
        other = Operators(database, open_store=open_store, policy=CHEAP, clock=clock)
        for place in range(FAILURES_OF_STRANGERS):
            (other if place % 2 else operators).prove("otto", "wrong", Origin(f"198.51.100.{place}"))
        for one in (operators, other):
            assert one.prove("otto", PASSWORD, Origin("192.0.2.2")) is None

    def test_a_browser_in_which_one_has_logged_in_is_not_refused_for_what_strangers_do(
        self, operators: Operators
    ) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for place in range(200):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            operators.prove("otto", "wrong", STRANGER)  # as behind a proxy: the same address
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        assert operators.prove("otto", PASSWORD, known) is not None

    def test_a_known_browser_may_fail_no_oftener_than_a_stranger(self, operators: Operators, clock: FakeClock) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for _ in range(FAILURES):
            operators.prove("otto", "wrong", known)
        assert operators.prove("otto", PASSWORD, known) is None
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD, known) is not None

    def test_a_mark_is_known_without_a_hash(self, operators: Operators) -> None:
        mark = operators.mark("otto")
        operators._hasher.matches = lambda *_: pytest.fail("a hash was made")  # type: ignore[method-assign]
        assert operators.knows("otto", mark)
        for name, shown in (("otto", ""), ("otto", f"{mark}x"), ("nobody", mark), ("No Name", mark)):
            assert not operators.knows(name, shown)

    def test_a_mark_is_of_one_operator_and_of_one_password(self, operators: Operators) -> None:
        operators.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root")
        marks = [operators.mark("ada"), operators.mark("otto"), "", ".", "x.y", "\ud800.\ud800"]
        operators.set_password("otto", "a rather long one", by="operator root")
        for mark in marks:
            for place in range(FAILURES_OF_STRANGERS):
                operators.prove("otto", "wrong", Origin(f"198.51.100.{place}", mark))
            assert operators.prove("otto", "a rather long one", Origin("192.0.2.2", mark)) is None
        operators.set_password("otto", PASSWORD, by="operator root")
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    def test_a_name_that_cannot_be_one_is_nobodys(self, operators: Operators) -> None:
        for name in ("otto\0", "\0", "o" * 500, "Otto"):
            assert operators.prove(name, PASSWORD) is None

    def test_counts_are_forgotten_when_they_are_over(self, operators: Operators, clock: FakeClock) -> None:
        for place in range(100):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            operators.prove("nobody", "wrong", Origin(f"198.51.100.{place}"))
        assert len(operators._tries._counts) == FAILURES_OF_STRANGERS
        clock.now += REFUSED_FOR
        operators.prove("otto", "wrong", STRANGER)
        assert len(operators._tries._counts) == 1

    def test_the_right_password_is_not_refused_after_the_clock_was_set_back_by_a_day(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for place in range(FAILURES_OF_STRANGERS):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place % 4}"))
            operators.prove("otto", "wrong", known)
        assert operators.prove("otto", PASSWORD, known) is None
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        clock.advance(days=-1)
        assert operators.prove("otto", PASSWORD, known) is not None
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    @given(
        tries=st.integers(0, 20), most=st.integers(1, 20), ahead=st.timedeltas(timedelta(days=-2), timedelta(days=4000))
    )
    def test_a_count_refuses_no_longer_than_its_minute_and_what_clocks_may_be_apart(
        self, tries: int, most: int, ahead: timedelta
    ) -> None:
        now = datetime(2026, 4, 1, tzinfo=UTC)
        count = Count(tries, now + ahead)
        in_force = timedelta(0) < ahead <= REFUSED_FOR + CLOCKS_APART
        assert (count.one_more(most, now) is None) is (in_force and tries >= most)
        assert count.one_more(most, now + REFUSED_FOR + CLOCKS_APART) is not None or ahead > REFUSED_FOR + CLOCKS_APART


class TestSessions:
    def test_a_token_is_long_random_and_not_kept(
        self, operators: Operators, sessions: Sessions, database: Database
    ) -> None:
        tokens = {sessions.begin("otto") for _ in range(20)}
        assert len(tokens) == 20
        assert all(len(token) >= 43 for token in tokens)
        with database.reading() as connection:
            kept = connection.scalars(select(operator_sessions.c.token_digest)).all()
        assert not tokens & set(kept)
        assert all(sessions.find(token) for token in tokens)

    def test_what_is_no_token_finds_nobody(self, operators: Operators, sessions: Sessions) -> None:
        sessions.begin("otto")
        for token in ("", "x", "\ud800", "a" * 10_000):
            assert sessions.find(token) is None

    def test_a_removal_and_a_new_password_end_logins_and_a_new_role_does_not(
        self, operators: Operators, sessions: Sessions
    ) -> None:
        token = sessions.begin("otto")
        operators.set_role("otto", Role.ADMIN, by="operator root")
        found = sessions.find(token)
        assert found is not None
        assert found.role is Role.ADMIN
        operators.set_password("otto", "a rather long one", by="operator root")
        assert sessions.find(token) is None
        token = sessions.begin("otto")
        operators.remove("otto", by="operator root")
        assert sessions.find(token) is None

    def test_logins_that_are_over_are_forgotten(
        self, operators: Operators, sessions: Sessions, database: Database, clock: FakeClock
    ) -> None:
        sessions.begin("otto")
        clock.advance(hours=13)
        assert sessions.in_force() == {}
        sessions.begin("otto")
        with database.reading() as connection:
            assert len(connection.scalars(select(operator_sessions.c.token_digest)).all()) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moved=st.timedeltas(timedelta(days=-4000), timedelta(days=1)))
def test_a_login_is_good_from_its_beginning_on_whatever_the_clock_does(
    operators: Operators, sessions: Sessions, clock: FakeClock, moved: timedelta
) -> None:
    token = sessions.begin("otto")
    clock.now += moved
    good = -CLOCKS_APART <= moved < IDLE
    assert (sessions.find(token) is not None) is good
    assert bool(sessions.in_force()) is good
    clock.now -= moved
    sessions.end(token)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))

    def operator(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(operator_app, words, input=typed, catch_exceptions=False)

    def test_operators_are_added_listed_changed_and_removed(self) -> None:
        assert "ivr operator add" in self.operator("list").stdout
        added = self.operator("add", "ada", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
        assert "ada may log in to the console as admin" in added.stdout
        assert PASSWORD not in added.output
        assert self.operator("role", "ada", "viewer").stdout == "ada is viewer of the console now\n"
        changed = self.operator("password", "ada", "--password-stdin", typed="a rather long one")
        assert changed.stdout == "ada has a new password, and must log in to the console again\n"
        row = self.operator("list").stdout.splitlines()[1]
        assert row.split()[:3] == ["ada", "viewer", "ja"]
        assert re.search(r" \d\d:\d\d:\d\d[+-]\d\d\d\d$", row)
        assert self.operator("remove", "ada").stdout == "ada can log in to the console no more\n"
        assert "no operators yet" in self.operator("list").stdout

    def test_the_password_is_asked_for_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter([PASSWORD, PASSWORD])
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
        assert self.operator("add", "ada").exit_code == 0

    @pytest.mark.parametrize(
        ("words", "asked", "told"),
        [
            (("add", "ada"), 1, "at least 12 characters"),
            (("add", "Ada"), 0, "cannot be an operator's name"),
            (("add", "otto"), 0, "there is an operator 'otto' already"),
            (("add", "ada", "--language", "fr"), 0, "does not speak 'fr'"),
            (("password", "otto"), 1, "at least 12 characters"),
            (("password", "nobody"), 0, "there is no operator 'nobody'"),
        ],
    )
    def test_what_is_refused_whatever_comes_next_is_refused_before_it_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], asked: int, told: str
    ) -> None:
        self.operator("add", "otto", "--password-stdin", typed=PASSWORD)
        prompts: list[str] = []
        monkeypatch.setattr("getpass.getpass", lambda prompt: prompts.append(prompt) or "short")
        result = self.operator(*words)
        assert result.exit_code == 1
        assert told in result.stderr
        assert prompts == ["Password: "][:asked]

    def test_without_a_terminal_nobody_is_asked_and_the_remedy_is_one_line(self) -> None:
        command = [str(Path(sys.executable).with_name("ivr")), "operator", "add", "ada"]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, text=True
        )
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            "ivr: there is no terminal to ask for the password at: hand it in with --password-stdin\n"
        )

    @pytest.mark.parametrize(
        ("words", "typed", "told"),
        [
            (("add", "ada", "--password-stdin"), "short\n", "at least 12 characters"),
            (("add", "Ada", "--password-stdin"), f"{PASSWORD}\n", "cannot be an operator's name"),
            (("remove", "nobody"), "", "there is no operator 'nobody'"),
        ],
    )
    def test_what_cannot_be_done_is_one_line(self, words: tuple[str, ...], typed: str, told: str) -> None:
        result = self.operator(*words, typed=typed)
        assert result.exit_code == 1
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    def test_a_password_is_no_argument(self) -> None:
        assert self.operator("add", "ada", PASSWORD).exit_code == 2
