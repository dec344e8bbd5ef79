"""Random histories of all operations agree with the plain model, on SQLite and on PostgreSQL."""

import io
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from credentials.errors import CredentialError
from credentials.limits.throttling import CallLimits
from credentials.model import Login, PasswordChange, Unit
from credentials.secrets import passwords as passwords_
from credentials.secrets import temporary as temporary_
from credentials.secrets.keys import Key
from credentials.secrets.password_policy import password_problems
from credentials.store import CredentialStore
from tests.credentials.plain_model import Credential, Model
from tests.credentials.stores import CHEAP
from tests.storage.postgresql import Server

pytestmark = pytest.mark.slow

HISTORIES = int(os.environ.get("KARIPASS_TEST_HISTORIES", "12"))
"""How many histories there are on each database; 200 for a thorough check (two minutes)."""

NUMBERS = ["0312345678", "0312345679", "0312345680", "0612345678", "0799999999"]
LIMITS = CallLimits(sets_per_hour=8, failed_calls=2, refused_for=timedelta(hours=2))

numbers = st.sampled_from(NUMBERS)
line_numbers = st.sampled_from(NUMBERS[:3])
"""The numbers of one line, unless somebody moved them."""
contracts = st.sampled_from([NUMBERS[0], NUMBERS[3]])
temporary = st.sampled_from(["13572468", "86427531"])
PASSWORDS = ["Tr0ubador7", "Xylophon9", "Zeppelin5"]
passwords = st.sampled_from(PASSWORDS)
new_passwords = st.one_of(passwords, st.sampled_from(["short1", "aaaa1111", f"{NUMBERS[1]}x"]))
secrets = st.one_of(temporary, passwords)
units = st.sampled_from(Unit)
calls = st.integers(1, 10**6).map(str)
durations = st.sampled_from(
    [
        timedelta(minutes=40),
        timedelta(hours=1),
        timedelta(hours=24) - timedelta(microseconds=1),
        timedelta(hours=24),
        timedelta(days=60),
    ]
)
set_back = st.sampled_from(
    [timedelta(minutes=5), timedelta(minutes=5, microseconds=1), timedelta(minutes=70), timedelta(days=1)]
)


class History(RuleBasedStateMachine):
    """Runs each operation on the store and on the model."""

    logins = Bundle("logins")

    def __init__(self, url: str, close: Callable[[], None]) -> None:
        super().__init__()
        self.close = close
        self.now = datetime(2026, 4, 1, tzinfo=UTC)
        self.store = CredentialStore.open(url, key=Key(bytes(32)), clock=lambda: self.now, policy=CHEAP, limits=LIMITS)
        self.model = Model(LIMITS)

    def teardown(self) -> None:
        try:
            assert self.store.verify_audit().problem is None
        finally:
            self.store.close()
            self.close()

    @initialize()
    def some_lines(self) -> None:
        self.import_lines([(NUMBERS[0], NUMBERS[1]), (NUMBERS[0], NUMBERS[2]), (NUMBERS[3], NUMBERS[3])], whole=False)

    # Lines

    @rule(rows=st.lists(st.tuples(contracts, numbers), min_size=1, max_size=4), whole=st.booleans())
    def import_lines(self, rows: list[tuple[str, str]], whole: bool) -> None:
        text = "contract_number,number\n" + "".join(f"{contract},{number}\n" for contract, number in rows)
        answer = told(lambda: self.store.import_lines(io.StringIO(text), remove_absent=whole))
        expected = self.model.import_lines(rows, whole)
        assert answer is expected if expected is not None else not isinstance(answer, type)

    @rule(
        change=st.sampled_from(["add_line", "remove_line", "add_number", "move_number", "remove_number"]),
        number=numbers,
        to=contracts,
    )
    def change_lines(self, change: str, number: str, to: str) -> None:
        options = {"to": to} if change in ("add_number", "move_number") else {}
        answer = told(lambda: getattr(self.store, change)(number, **options))
        assert answer == getattr(self.model, change)(number, *options.values())

    @rule(number=numbers, locked=st.booleans())
    def lock(self, number: str, locked: bool) -> None:
        change = self.store.lock_line if locked else self.store.unlock_line
        assert told(lambda: change(number)) == self.model.lock(number, locked, self.now)

    # Calls

    @rule(caller=numbers, call_id=calls)
    def note_failed_call(self, caller: str, call_id: str) -> None:
        answer = self.store.note_failed_call(caller, call_id=call_id)
        assert answer == self.model.note_failed_call(caller, call_id, self.now)

    @rule(caller=numbers, chosen=numbers, unit=units, password=temporary, call_id=calls)
    def set_temporary_password(self, caller: str, chosen: str, unit: Unit, password: str, call_id: str) -> None:
        answer = told(
            lambda: self.store.set_temporary_password(
                caller=caller, target=chosen, unit=unit, password=password, call_id=call_id
            )
        )
        assert answer == self.model.set_temporary_password(caller, chosen, unit, password, call_id, self.now)

    # The site

    @rule(target=logins, number=numbers, secret=secrets)
    def log_in(self, number: str, secret: str) -> Any:
        login = self.store.log_in(number, secret, session_id="session")
        verdict, must_change, credential = self.model.log_in(number, secret, self.now)
        assert (login.verdict, login.must_change, login.number) == (verdict, must_change, number)
        assert login.line == (self.model.line(number) if verdict.accepted else None)
        return (login, credential) if verdict.accepted else multiple()

    @rule(login=logins, new=new_passwords)
    def change_password(self, login: tuple[Login, Credential], new: str) -> None:
        shown, credential = login
        assert shown.line is not None
        answer = self.store.change_password(shown, new, session_id="session")
        problems = password_problems(new, shown.line.numbers)
        changed, expected = self.model.change_password(shown.number, credential, problems, new, self.now)
        expires_at = self.now + timedelta(days=60) if changed else None
        assert answer == PasswordChange(changed, expected, expires_at)

    @rule(numbers=st.lists(line_numbers, unique=True, min_size=1), unit=units, first=temporary, call_id=calls)
    def sign_up(self, numbers: list[str], unit: Unit, first: str, call_id: str) -> None:
        """Sign up as most subscribers do, so that histories get somewhere."""
        for number, password in zip(numbers, PASSWORDS, strict=False):
            self.set_temporary_password(number, number, unit, first, call_id)
            login = self.store.log_in(number, first, session_id="session")
            verdict, _, credential = self.model.log_in(number, first, self.now)
            assert login.verdict is verdict
            if verdict.accepted:
                self.change_password((login, credential), password)

    @rule(maker=line_numbers, to=units, proofs=st.dictionaries(numbers, passwords))
    def change_unit(self, maker: str, to: Unit, proofs: dict[str, str]) -> None:
        answer = self.store.change_unit(maker=maker, to=to, proofs=proofs, session_id="session")
        assert (answer.verdict, dict(answer.proofs)) == self.model.change_unit(maker, to, proofs, self.now)

    @rule(maker=line_numbers, to=units)
    def change_unit_rightly(self, maker: str, to: Unit) -> None:
        proofs = {number: password.secret for number, password in self.model.passwords.items()}
        self.change_unit(maker, to, proofs)

    @rule(duration=durations)
    def time_passes(self, duration: timedelta) -> None:
        self.now += duration

    @rule(duration=set_back)
    def the_clock_is_set_back(self, duration: timedelta) -> None:
        self.now -= duration

    @invariant()
    def every_credential_opens_what_the_model_says(self) -> None:
        """Compare the stored credentials, without the counting of a login."""
        with self.store._database.reading() as connection:
            for kind, modelled in ((temporary_, self.model.temporary), (passwords_, self.model.passwords)):
                found = {number: stored for number in NUMBERS if (stored := kind.find(connection, number))}
                assert {number: (stored.failures, stored.expires_at) for number, stored in found.items()} == {
                    number: (wanted.failures, wanted.expires_at) for number, wanted in modelled.items()
                }

    @invariant()
    def lines_and_admissions_are_those_of_the_model(self) -> None:
        assert self.store.list_lines() == self.model.list_lines()
        for number in NUMBERS[1:4]:
            assert self.store.admit(number) == self.model.admit(number, self.now)


def told(act: Callable[[], Any]) -> Any:
    """Return what an operation answers: its value, or the type of its error."""
    try:
        return act()
    except CredentialError as error:
        return type(error)


def test_a_random_history_is_answered_as_the_model_answers(database_kind: str, request: pytest.FixtureRequest) -> None:
    server: Server | None = None
    if database_kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        name = request.getfixturevalue("shared_database")

    def new_history() -> History:
        if server is None:
            directory = tempfile.TemporaryDirectory()
            return History(f"sqlite:///{directory.name}/store.db", directory.cleanup)
        server.empty(name)
        return History(server.url(name), lambda: None)

    run_state_machine_as_test(
        new_history,  # type: ignore[arg-type]  # a function will do, as hypothesis documents
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
