"""A program that forks processes, each of which opens the store, and lets them all act at once.

    python racers.py URL KEY TASKS

TASKS is a JSON list with one [action, argument...] per process. It prints a JSON list of their answers. 64 processes
are cheap because they are forked from one that has done its imports; it has not opened the database.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from credentials.errors import SessionOver
from credentials.limits.throttling import CallLimits
from credentials.model import Unit
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key
from credentials.sides.one_time_side import Confirmation
from credentials.store import CredentialStore

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
LIMITS = CallLimits(sets_per_hour=10_000, failed_calls=8)
NUMBER = "0312345678"


def prepare(store: CredentialStore, action: str, *arguments: str) -> Callable[[], Any]:
    """Do what comes before the start, and return what to do at the start."""
    if action == "log_in":
        return lambda: store.log_in(NUMBER, arguments[0], session_id="session").verdict.value
    if action == "set":
        return lambda: store.set_temporary_password(
            caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=arguments[0], call_id=f"call {arguments[0]}"
        ).isoformat()
    if action == "use_up":
        login = store.log_in(NUMBER, arguments[0], session_id="session")
        return lambda: store.change_password(login, arguments[1], session_id="session").changed
    if action == "start":
        return lambda: store.start_session(NUMBER, arguments[0]).session_id
    if action == "prove":
        return lambda: _prove_or_over(store, arguments[0], arguments[1])
    if action == "confirm":
        return lambda: store.confirm_address(arguments[0]).verdict.value
    if action == "confirmation":
        confirmation = Confirmation("Kakunin1", arguments[1])
        return lambda: store.change_address_at_login(arguments[0], "x@example.jp", confirmation, _unsent).proof
    if action == "send":
        sent: list[str] = []
        return lambda: (store.send_code(arguments[0], lambda _, code: sent.append(code.code + code.address)), sent[0])[
            1
        ]
    if action == "report":
        return lambda: _reported(store, arguments[0], int(arguments[1]))
    if action == "change_unit":
        secret, to = arguments
        return lambda: (
            store.change_unit(maker=NUMBER, to=Unit(to), proofs={NUMBER: secret}, session_id="session").verdict.value
        )
    if action == "fail":
        return lambda: store.note_failed_call(NUMBER, call_id=arguments[0]) is not None
    raise ValueError(action)


def _prove_or_over(store: CredentialStore, session_id: str, code: str) -> str:
    try:
        return store.prove_code(session_id, code).verdict.value
    except SessionOver as over:
        return "over" if over.ended is None else over.ended.reason.value


def _reported(store: CredentialStore, session_id: str, position: int) -> str:
    try:
        store.report(session_id, position)
    except SessionOver:
        return "over"
    return "reported"


def _unsent(_connection: object, _mail: object) -> None:
    pass


def open_and_close(url: str, key: Key) -> None:
    CredentialStore.open(url, key=key, policy=CHEAP).close()


def race(url: str, key: Key, tasks: list[list[str]]) -> list[Any]:
    if tasks[0][0] != "open":
        open_and_close(url, key)  # so that imports on first use happen once
    ready, start, results = os.pipe(), os.pipe(), os.pipe()
    for number, (action, *arguments) in enumerate(tasks):
        if os.fork() == 0:
            os.close(start[1])
            if action == "open":
                act: Callable[[], Any] = functools.partial(open_and_close, url, key)
            else:
                store = CredentialStore.open(url, key=key, policy=CHEAP, limits=LIMITS)
                act = prepare(store, action, *arguments)
            os.write(ready[1], b".")
            os.read(start[0], 1)  # until the starter closes it
            os.write(results[1], (json.dumps([number, act()]) + "\n").encode())
            os._exit(0)
    seen = 0
    while seen < len(tasks):
        seen += len(os.read(ready[0], len(tasks)))
    os.close(start[1])
    os.close(results[1])
    with os.fdopen(results[0]) as lines:
        answers = dict(json.loads(line) for line in lines)
    for _ in tasks:
        os.wait()
    return [answers[number] for number in range(len(tasks))]


if __name__ == "__main__":
    print(json.dumps(race(sys.argv[1], Key.parse(sys.argv[2]), json.loads(sys.argv[3]))))
