"""Helpers for tests of call notices: settings, letters, senders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mail.letter import Purpose
from mail.outbox import Delivery, Outbox, Reason
from mail.outbox.leases import Leases
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from tests.notice.journals import NUMBER
from tests.storage.databases import FakeClock

ANN, BEN = "ann@example.jp", "ben@example.jp"


def choose(store: NoticeStore, clock: FakeClock, number: str = NUMBER, *addresses: str, **others: Any) -> Settings:
    """Store settings as a page would: started, and to Ann unless addresses are named."""
    chosen = Settings(started=True, addresses=tuple(Address(address=each) for each in addresses or (ANN,)))
    with store._database.writing() as connection:
        table.replace(connection, number, Settings(**vars(chosen) | others), clock())
        return table.find(connection, number)


def chosen_by(store: NoticeStore, number: str = NUMBER) -> Settings:
    with store._database.reading() as connection:
        return table.find(connection, number)


def deliveries(store: NoticeStore, outbox: Outbox, number: str | None = None) -> list[Delivery]:
    """Return the letters in the outbox, the newest first."""
    with store._database.reading() as connection:
        return outbox.deliveries(connection, number=number, most=10_000)


def send_all(store: NoticeStore, keys: Any, clock: FakeClock, *, refuse: Reason | None = None) -> list[tuple[str, str]]:
    """Be the sender: have a mail server take or refuse what waits. Return the addresses and texts."""
    leases = Leases(store._database, keys, lease=timedelta(seconds=60), clock=clock)
    letters = leases.take(10_000)
    for letter in letters:
        assert letter.purpose is Purpose.NOTICE
        if refuse is None:
            leases.taken(letter)
        else:
            leases.refused(letter, refuse, "550 no")
    return [(letter.to, letter.body) for letter in letters]
