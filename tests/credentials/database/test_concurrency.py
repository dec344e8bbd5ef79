"""Many processes act on one database at the same moment: 64 if a secret or a credential is at stake.

The rules are in docs/rules.md 3.4 and 3.7.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from credentials.model import LoginVerdict, Unit, UnitVerdict
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.clock import utc_now
from tests.credentials.stores import check

pytestmark = pytest.mark.slow

NUMBER = "0312345678"
TEMPORARY, PASSWORD = "13572468", "Tr0ubador7"
PROCESSES, SOME = 64, 24
RACERS = Path(__file__).with_name("racers.py")

Race = Callable[[list[list[str]]], list[Any]]


@pytest.fixture
def race(url: str, key: Key) -> Race:
    """Run one process for each task, and return their answers."""

    def race(tasks: list[list[str]]) -> list[Any]:
        command: list[str | Path] = [sys.executable, "-W", "error", RACERS, url, key.to_text(), json.dumps(tasks)]
        answers: list[Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout)
        return answers

    return race


@pytest.fixture
def store(store: CredentialStore) -> CredentialStore:
    """Use the system's clock, because the racers do."""
    store._clock = utc_now
    return store


def call(store: CredentialStore, password: str = TEMPORARY, unit: Unit = Unit.LINE) -> None:
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=unit, password=password, call_id="call")


def sign_up(store: CredentialStore) -> None:
    call(store)
    login = store.log_in(NUMBER, TEMPORARY, session_id="session")
    assert store.change_password(login, PASSWORD, session_id="session").changed


def test_of_64_wrong_guesses_at_a_temporary_password_exactly_3_are_judged(store: CredentialStore, race: Race) -> None:
    call(store)
    answers = Counter(race([["log_in", f"{guess:08}"] for guess in range(PROCESSES)]))
    assert answers == {LoginVerdict.WRONG: 3, LoginVerdict.VOID: PROCESSES - 3}
    assert check(store, NUMBER, TEMPORARY) is LoginVerdict.VOID
    assert store.verify_audit().problem is None


def test_of_64_wrong_guesses_at_a_password_exactly_10_are_judged(store: CredentialStore, race: Race) -> None:
    sign_up(store)
    answers = Counter(race([["log_in", f"guess{guess}x"] for guess in range(PROCESSES)]))
    assert answers == {LoginVerdict.WRONG: 10, LoginVerdict.VOID: PROCESSES - 10}
    assert check(store, NUMBER, PASSWORD) is LoginVerdict.VOID


def test_24_right_tries_at_once_are_all_accepted(store: CredentialStore, race: Race) -> None:
    call(store)
    assert set(race([["log_in", TEMPORARY]] * SOME)) == {LoginVerdict.ACCEPTED}


def test_of_64_sites_that_use_one_temporary_password_up_at_once_one_wins(store: CredentialStore, race: Race) -> None:
    call(store)
    chosen = [f"ch0sen{site}x{site}" for site in range(PROCESSES)]
    answers = race([["use_up", TEMPORARY, password] for password in chosen])
    winners = [password for password, changed in zip(chosen, answers, strict=True) if changed]
    assert len(winners) == 1
    assert check(store, NUMBER, winners[0]) is LoginVerdict.ACCEPTED


def test_of_64_calls_that_set_one_target_at_once_one_password_is_live(store: CredentialStore, race: Race) -> None:
    secrets = [f"{caller:08}" for caller in range(PROCESSES)]
    assert len(race([["set", secret] for secret in secrets])) == PROCESSES
    with store._database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM temporary_passwords")) == 1
        stored = connection.scalar(text("SELECT set_by_call FROM temporary_passwords"))
    last = store.audit_records(number=NUMBER, last=1)[0].origin
    assert last == f"call {stored}"
    assert check(store, NUMBER, str(stored).removeprefix("call ")) is LoginVerdict.ACCEPTED


def test_of_8_sites_that_change_the_unit_at_once_one_wins(store: CredentialStore, race: Race) -> None:
    sign_up(store)
    tasks = [["change_unit", PASSWORD, unit] for unit in (Unit.NUMBER, Unit.ADMIN_USER) * 4]
    answers = race(tasks)
    # Those after the first find another unit, and are judged by the table from there.
    steps = [record for record in store.audit_records(number=NUMBER) if record.action == "UNIT_CHANGED"]
    assert len(steps) - 1 == Counter(answers)[UnitVerdict.CHANGED] >= 1
    told = [step.detail.removeprefix("from ").split(" to ") for step in steps]
    assert all(after == next_ for (_, after), (next_, _) in pairwise(told))


def test_of_24_failed_calls_at_once_none_is_lost(store: CredentialStore, race: Race) -> None:
    answers = race([["fail", str(call_id)] for call_id in range(SOME)])
    assert Counter(answers) == {True: SOME // 8, False: SOME - SOME // 8}


def test_processes_that_open_a_fresh_database_at_once_all_get_it(empty_url: str, key: Key) -> None:
    tasks = json.dumps([["open"]] * 16)
    command: list[str | Path] = [sys.executable, "-W", "error", RACERS, empty_url, key.to_text(), tasks]
    assert json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout) == [None] * 16
    with CredentialStore.open(empty_url, key=key) as opened:
        assert opened.list_lines() == []
