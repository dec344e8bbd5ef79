"""Many processes, each with many threads, at one database file."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from credentials import CredentialStore, Key, LoginVerdict, Unit, utc_now
from tests.credentials.conftest import check

NUMBER = "0312345678"
PROCESSES, THREADS = 4, 16

WORKER = """
import json, sys, threading
from credentials import CredentialStore, HashPolicy, Key, Unit
from tests.credentials.conftest import check

url, key, action, secrets = sys.argv[1], Key.parse(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
cheap = HashPolicy(memory_kib=8, passes=1, lanes=1)
if action == "open":
    print("ready", flush=True)
    input()
store = CredentialStore.open(url, key=key, policy=cheap)
answers = []

def act(secret):
    start.wait()
    if action == "check":
        answers.append(check(store, "0312345678", secret).value)
    if action == "set":
        store.set_temporary_password(caller="0312345678", target="0312345678", unit=Unit.LINE,
                                     password=secret, call_id="call")
        answers.append(secret)

threads = [threading.Thread(target=act, args=(secret,)) for secret in secrets]
start = threading.Barrier(len(threads) + 1)
for thread in threads:
    thread.start()
if action != "open":
    print("ready", flush=True)
    input()
start.wait()
for thread in threads:
    thread.join()
store.close()
print(json.dumps(answers))
"""


@pytest.fixture
def at_once(url: str, key: Key) -> Callable[[str, list[list[str]]], list[Any]]:
    """Run one process per list of secrets, one thread per secret, all let go together; give back all answers."""

    def run(action: str, secrets: list[list[str]]) -> list[Any]:
        workers = [
            subprocess.Popen(
                [sys.executable, "-W", "error", "-c", WORKER, url, key.to_text(), action, json.dumps(each)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for each in secrets
        ]
        for worker in workers:
            assert worker.stdout
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("\n")
            worker.stdin.flush()
        answers = [json.loads(worker.communicate()[0] or "null") for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * len(workers)
        return [answer for each in answers for answer in each]

    return run


@pytest.fixture
def real_time_store(store: CredentialStore) -> CredentialStore:
    """The workers go by the system's time, so what they check must be set by it."""
    store._clock = utc_now
    return store


def set_password(store: CredentialStore, password: str) -> None:
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=password, call_id="call")


def test_of_64_wrong_guesses_at_once_exactly_3_are_judged(
    real_time_store: CredentialStore, at_once: Callable[..., list[str]]
) -> None:
    set_password(real_time_store, "13572468")
    guesses = [[f"{process}{thread:07}" for thread in range(THREADS)] for process in range(PROCESSES)]
    answers = Counter(at_once("check", guesses))
    assert answers == {LoginVerdict.WRONG: 3, LoginVerdict.VOID: PROCESSES * THREADS - 3}
    assert check(real_time_store, NUMBER, "13572468") is LoginVerdict.VOID


def test_64_right_tries_at_once_are_all_accepted(
    real_time_store: CredentialStore, at_once: Callable[..., list[str]]
) -> None:
    set_password(real_time_store, "13572468")
    answers = Counter(at_once("check", [["13572468"] * THREADS] * PROCESSES))
    assert answers == {LoginVerdict.ACCEPTED: PROCESSES * THREADS}


def test_of_many_calls_that_set_one_target_at_once_one_password_is_live(
    real_time_store: CredentialStore, at_once: Callable[..., list[str]]
) -> None:
    secrets = [[f"{process}{thread:07}" for thread in range(4)] for process in range(PROCESSES)]
    assert sorted(at_once("set", secrets)) == sorted(secret for each in secrets for secret in each)
    with real_time_store._database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM temporary_passwords")) == 1
    accepted = []
    for secret in (secret for each in secrets for secret in each):
        with real_time_store._database.writing() as connection:
            connection.execute(text("UPDATE temporary_passwords SET failures = 0"))
        if check(real_time_store, NUMBER, secret).accepted:
            accepted.append(secret)
    assert len(accepted) == 1


def test_processes_that_open_a_fresh_database_at_once_all_get_it(
    at_once: Callable[..., list[str]], open_store: Callable[..., CredentialStore]
) -> None:
    assert at_once("open", [[]] * 8) == []
    assert open_store().list_lines() == []
