"""How a store process carries out what its service asks, without a process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest

from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.records.changes import Change
from ivr.service.store_process import messages
from ivr.service.store_process.codec import StoreProtocolError
from ivr.service.store_process.messages import FromStore, Message, Outcome
from ivr.service.store_process.serving import OpenStore, ServedStore
from tests.ivr.telephony.servers import until

CONTRACT, PASSWORD = "0312345678", "24681357"
PREPARE = messages.Prepare(call="c0ffee", caller=CONTRACT, target=CONTRACT, password=PASSWORD)
STORE = messages.Store(request=7, call="c0ffee", caller=CONTRACT, unit=Unit.LINE, target=CONTRACT, password=PASSWORD)


class BrokenRecords:
    def write(self, changes: Sequence[Change]) -> int:
        raise RuntimeError(f"a bug that quotes {PASSWORD}")

    def mark_lost(self) -> int:
        return 0

    def forget_before(self, moment: datetime) -> int:
        return 0


class Asked:
    """A served store, and what it has answered."""

    def __init__(self, store: CredentialStore) -> None:
        self.sent: list[FromStore] = []
        self.served = ServedStore(OpenStore(store, BrokenRecords()), self.sent.append)

    @property
    def answers(self) -> list[FromStore]:
        return [message for message in self.sent if not isinstance(message, messages.Load)]

    async def answer_to(self, *asked: Message) -> FromStore:
        for message in asked:
            self.served.take(message)
        await until(lambda: bool(self.answers))
        return self.answers.pop()


@pytest.fixture
async def asked(store: CredentialStore) -> AsyncIterator[Asked]:
    asked = Asked(store)
    yield asked
    await asked.served.finish()


async def test_a_call_is_forgotten_once_it_is_answered(asked: Asked) -> None:
    assert await asked.answer_to(PREPARE, STORE) == messages.Answer(request=7, outcome=Outcome.STORED)
    assert asked.served._calls == {}


async def test_a_call_that_is_discarded_is_forgotten(asked: Asked) -> None:
    asked.served.take(PREPARE)
    asked.served.take(messages.Discard(call="c0ffee"))
    asked.served.take(messages.Discard(call="of nobody"))
    assert asked.served._calls == {}


async def test_what_comes_too_late_is_ignored(asked: Asked) -> None:
    await asked.answer_to(STORE)
    asked.served.take(messages.Withdraw(call="c0ffee"))
    asked.served.take(messages.Discard(call="c0ffee"))
    assert asked.served._calls == {}


async def test_a_fault_is_answered_by_its_kind_alone(asked: Asked) -> None:
    answer = await asked.answer_to(messages.Write(request=8, changes=()))
    assert answer == messages.Unavailable(request=8, problem="RuntimeError")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("admit", messages.Admit(request=9, number=CONTRACT)),
        ("note_failed_call", messages.NoteFailure(request=9, call="c0ffee", caller=CONTRACT)),
        ("require_writable", messages.Probe(request=9)),
    ],
)
async def test_each_request_that_meets_a_fault_is_answered_at_once(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, broken: str, message: Message
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError(f"a bug that quotes {PASSWORD}")

    monkeypatch.setattr(CredentialStore, broken, fail)
    assert await asked.answer_to(message) == messages.Unavailable(request=9, problem="RuntimeError")


async def test_a_message_that_no_service_sends_is_an_error(asked: Asked) -> None:
    with pytest.raises(StoreProtocolError, match="the service sent a Opened"):
        asked.served.take(messages.Opened(version=1))
