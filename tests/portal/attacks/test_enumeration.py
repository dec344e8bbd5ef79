"""A refusal does not tell a stranger which numbers are known: neither what it says nor what it takes.

What a refusal takes is counted, not timed: its hashes and its statements. `python -m tests.portal.timing` prints times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from credentials.secrets.argon2id import Argon2id
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, OTHER_LINE, PASSWORD, SECOND, SINGLE, TEMPORARY, THIRD, Stage
from tests.portal.visitor import Visitor

UNKNOWN = "0399999999"
VOID = "0661234568"
EXPIRED = "0452000001"
KINDS = {
    "unknown number": UNKNOWN,
    "wrong": CONTRACT,
    "no password": THIRD,
    "temporary password alone": SECOND,
    "void": VOID,
    "expired": EXPIRED,
    "logins locked": SINGLE,
    "line locked": OTHER_LINE,
}
WRONG = ("wrong9999", "97531864")
_STATEMENT = re.compile(r"(SELECT)\b.*?\bFROM (\w+)|(INSERT INTO|UPDATE|DELETE FROM) (\w+)", re.DOTALL)


@dataclass
class Work:
    """What a request took.

    Attributes:
        hashes: for each hash, what computed it.
        statements: what each statement does to which table, in their order.
    """

    hashes: list[int] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Count what all threads do."""
    work, compute = Work(), Argon2id._compute

    def hash_once(self: Argon2id, task: Any) -> Any:
        work.hashes.append(id(self))
        return compute(self, task)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found = _STATEMENT.search(statement)
        work.statements.append(" ".join(filter(None, found.groups())) if found else statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Argon2id, "_compute", hash_once)
            yield work
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def numbers(stage: Stage) -> None:
    """Bring the numbers to the states that `KINDS` names."""
    stage.call(EXPIRED)
    stage.later = timedelta(hours=25)
    stage.subscribe(CONTRACT, SINGLE, OTHER_LINE)
    stage.call(SECOND)
    stage.call(VOID)
    for _ in range(3):
        stage.store.log_in(VOID, WRONG[1], session_id="x")
    stage.store.lock_logins(SINGLE, operator="operator root")
    stage.store.lock_line(OTHER_LINE)


@pytest.fixture
def far_away(stage: Stage, numbers: None) -> Iterator[str]:
    """Return the address of a site behind a proxy, so that each visitor has a network of its own."""
    with serving(stage.config(proxies=[ip_network("127.0.0.0/8")])) as address:
        yield address


_NETWORKS = count()


def tried(address: str, number: str, secret: str) -> httpx.Response:
    """Try to log in from a network that has not tried yet."""
    with Visitor(address) as visitor:
        visitor.headers["x-forwarded-for"] = f"198.51.{next(_NETWORKS) % 250}.7"
        return visitor.log_in(number, secret)


@pytest.mark.parametrize("secret", WRONG)
def test_every_refusal_takes_one_hash_and_the_same_statements(
    far_away: str, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    tried(far_away, UNKNOWN, secret)  # opens the store
    took = {}
    for kind, number in KINDS.items():
        with Visitor(far_away) as visitor:
            visitor.headers["x-forwarded-for"] = f"198.51.{next(_NETWORKS) % 250}.7"
            csrf = visitor.csrf("/login")
            with counted(monkeypatch) as work:
                answer = visitor.post("/login", data={"csrf": csrf, "number": number, "secret": secret})
            assert answer.status_code == 403, kind
        took[kind] = work
    assert all(len(work.hashes) == 1 for work in took.values())
    first = took.pop("unknown number")
    assert "INSERT INTO audit" in first.statements
    assert {kind: work for kind, work in took.items() if work != first} == {}


@pytest.mark.parametrize("secret", WRONG)
def test_all_refusals_are_the_same_byte_for_byte_but_for_their_tokens(far_away: str, secret: str) -> None:
    answers = {kind: without_tokens(tried(far_away, number, secret), number) for kind, number in KINDS.items()}
    first = answers.pop("unknown number")
    assert {kind for kind, answer in answers.items() if answer != first} == set()


def without_tokens(answer: httpx.Response, number: str) -> tuple[int, list[tuple[str, str]], str]:
    """Return an answer without what differs at each request: time, form token, cookies, and the number."""
    text = re.sub(r'name="csrf" value="\w+"', "", answer.text).replace(f'value="{number}"', "")
    headers = [
        (name, re.sub(r"^(karipass-\w+)=[^;]+", r"\1=", value))
        for name, value in answer.headers.multi_items()
        if name != "date"
    ]
    return answer.status_code, headers, text


def test_a_number_that_is_known_can_still_log_in_afterwards(far_away: str) -> None:
    for secret in WRONG:
        tried(far_away, CONTRACT, secret)
    assert tried(far_away, CONTRACT, PASSWORD).status_code == 303
    assert tried(far_away, SECOND, TEMPORARY).status_code == 303
