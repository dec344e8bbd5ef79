"""A program that forks a process which writes to the store, kills it at a random moment, checks what is left, and
repeats.

    python victims.py URL KEY ROUNDS SEED

The store must have the line 0312345678 and no credentials. It prints how many operations were answered. What must hold
after every kill: the audit trail has each operation that was answered, and at most one more; the credentials are what
the trail says, failure counts included.
"""

import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Iterator

from sqlalchemy import text

from credentials.audit import AuditRecord
from credentials.limits.throttling import CallLimits
from credentials.model import Unit
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key
from credentials.store import CredentialStore

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
LIMITS = CallLimits(sets_per_hour=10**6)
NUMBER, TEMPORARY = "0312345678", "13572468"


def work(store: CredentialStore) -> Iterator[None]:
    """Do one operation after the other; each makes one record."""
    for turn in range(10**6):
        store.set_temporary_password(
            caller=NUMBER, target=NUMBER, unit=Unit.NUMBER, password=TEMPORARY, call_id=f"{os.getpid()}.{turn}"
        )
        yield
        for _ in range(2):
            store.log_in(NUMBER, "00000000", session_id="session")
            yield
        login = store.log_in(NUMBER, TEMPORARY, session_id="session")
        yield
        store.change_password(login, new_password(), session_id="session")
        yield


def new_password() -> str:
    return "".join(secrets.choice(letters) for letters in ["acegikmoqsuwy", "13579"] * 5)


def replay(records: list[AuditRecord]) -> tuple[int | None, int | None]:
    """Return the trail's failure counts of the temporary password and the password; None for a missing one."""
    temporary: int | None = None
    password: int | None = None
    for record in records:
        if record.action == "TEMPORARY_PASSWORD_SET":
            temporary = 0
        elif record.action == "PASSWORD_CHANGED":
            temporary, password = None, 0
        elif record.detail.startswith("ACCEPTED"):
            temporary = 0
        elif record.action == "LOGIN":
            temporary = None if temporary is None else min(temporary + 1, 3)
            password = None if password is None else min(password + 1, 10)
    return temporary, password


def kill_one(url: str, key: Key, chance: random.Random) -> int:
    """Let a process work, kill it, and return how many operations were answered."""
    answered, answering = os.pipe()
    victim = os.fork()
    if victim == 0:
        store = CredentialStore.open(url, key=key, policy=CHEAP, limits=LIMITS)
        for _ in work(store):
            os.write(answering, b".")
    os.close(answering)
    count = len(os.read(answered, 1))
    time.sleep(chance.uniform(0, 0.03))
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    while more := os.read(answered, 65536):
        count += len(more)
    os.close(answered)
    return count


def wait_for_its_backend(store: CredentialStore) -> None:
    """Wait until PostgreSQL has finished the dead client's statement: only then do we know what was committed."""
    if not str(store._database).startswith("postgresql"):
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    while True:
        with store._database.reading() as connection:
            if connection.scalar(others) == 0:
                return
        time.sleep(0.005)


def main(url: str, key: Key, rounds: int, seed: int) -> int:
    chance = random.Random(seed)
    total = 0
    before: list[AuditRecord] = []
    for round_ in range(rounds):
        count = kill_one(url, key, chance)
        total += count
        with CredentialStore.open(url, key=key, policy=CHEAP, limits=LIMITS) as store:
            wait_for_its_backend(store)
            records = [record for record in store.audit_records(number=NUMBER) if record.actor == NUMBER]
            done = [record for record in records[len(before) :] if record.action != "UNIT_CHANGED"]
            if not count <= len(done) <= count + 1:
                raise AssertionError(f"round {round_}: {count} operations were answered, {len(done)} are on record")
            with store._database.reading() as connection:
                stored = (
                    connection.scalar(text("SELECT failures FROM temporary_passwords")),
                    connection.scalar(text("SELECT failures FROM passwords")),
                )
            if stored != replay(records):
                raise AssertionError(f"round {round_}: {stored} failures are stored, {replay(records)} on record")
            problem = store.verify_audit().problem
            if problem is not None:
                raise AssertionError(f"round {round_}: {problem}")
        before = records
    return total


if __name__ == "__main__":
    print(main(sys.argv[1], Key.parse(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
