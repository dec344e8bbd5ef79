"""What an operator's monitoring sees of mails that come back."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from credentials.secrets.keys import KeyRing
from mail.bounces import receiver
from mail.bounces.metrics import Came, Metrics
from mail.outbox import Outbox
from storage.clock import utc_now
from storage.database import Database
from storage.errors import StoreUnavailable
from tests.mail.bounces.conftest import Connect
from tests.mail.bounces.samples import sample
from tests.mail.post import ADDRESS, letter_for

REFUSED = sample("postfix-unknown-user")
AddressOf = Callable[[str], str]


@pytest.fixture
def letter(database: Database, own_outbox: Outbox) -> str:
    with database.writing() as connection:
        return own_outbox.add(connection, letter_for(utc_now(), lives_s=3600.0))


def counted(metrics: Metrics) -> dict[str, float]:
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    return {each.labels["came"]: each.value for each in samples if each.name == "karipass_bounces_total" and each.value}


async def test_each_mail_is_counted_by_what_came_of_it(
    connect: Connect, address_of: AddressOf, letter: str, metrics: Metrics
) -> None:
    client = await connect()
    for to, content in [
        (address_of(letter), REFUSED),
        (address_of(letter), REFUSED),
        (address_of(letter), b"Subject: I am away\r\n\r\nuntil Monday"),
        (ADDRESS, REFUSED),
    ]:
        await client.say("RSET")
        await client.bring(to, content)
    assert counted(metrics) == {Came.REFUSED: 1, Came.KNOWN: 1, Came.NO_REPORT: 1, Came.NOT_OURS: 1}


async def test_what_could_not_be_noted_is_counted(
    connect: Connect, address_of: AddressOf, letter: str, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(receiver.Bounces, "_note", away)
    client = await connect()
    assert (await client.bring(address_of(letter), REFUSED)).startswith("451")
    assert counted(metrics) == {Came.NOT_NOTED: 1}


def test_the_page_says_when_the_last_one_came_and_each_count_starts_from_0(keys: KeyRing) -> None:
    metrics = Metrics()
    page = metrics.page().decode()
    assert all(f'karipass_bounces_total{{came="{came}"}} 0.0' in page for came in Came)
    metrics.count(Came.DELAYED)
    line = next(line for line in metrics.page().decode().splitlines() if line.startswith("karipass_bounces_last"))
    assert abs(float(line.split()[1]) - time.time()) < 60
