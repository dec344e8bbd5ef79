"""The settings site's side of call notices: who may see and change what, and what the audit trail says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from credentials.errors import NotAllowed, SessionOver
from credentials.model import Unit
from mail.outbox import Outbox
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.settings.model import Address, Fault, Listed, Problem, Settings
from notice.sides.subscriber_side import Change
from notice.store.opening import NoticeStore
from tests.credentials.site.subscribers import CONTRACT, OTHER, SECOND, sign_up, start
from tests.notice.subscribers import ANN, BEN, choose, deliveries
from tests.storage.databases import FakeClock

TYPED = Settings(
    started=True,
    only_listed=True,
    addresses=(Address(address=ANN), Address(address=BEN, ticked=False)),
    listed=(Listed(number="0459876543", name="Tanaka"), Listed(number="14155550100", ticked=False)),
)


@pytest.fixture
def session_id(store: NoticeStore) -> str:
    return complete(store, CONTRACT)


def complete(store: NoticeStore, number: str) -> str:
    """Sign a number up and log in; it declines one-time passwords."""
    sign_up(store, number, Unit.NUMBER)
    first = start(store, number)
    return store.use_no_one_time_password(first).session_id or first


def test_what_is_stored_is_what_was_typed(store: NoticeStore, session_id: str) -> None:
    assert store.notice_settings(session_id, CONTRACT) == Settings()
    assert store.store_notice_settings(session_id, CONTRACT, TYPED) == Change(changed=True)
    stored = store.notice_settings(session_id, CONTRACT)
    assert stored.version
    assert replace(stored, version="") == TYPED


def test_settings_with_faults_change_nothing(store: NoticeStore, session_id: str) -> None:
    wrong = replace(TYPED, addresses=())
    assert store.store_notice_settings(session_id, CONTRACT, wrong).faults == (Fault(Problem.NO_ADDRESS),)
    assert store.notice_settings(session_id, CONTRACT) == Settings()


def test_a_page_that_is_behind_overwrites_nothing(store: NoticeStore, session_id: str) -> None:
    store.store_notice_settings(session_id, CONTRACT, TYPED)
    assert store.store_notice_settings(session_id, CONTRACT, TYPED) == Change(changed=False, overtaken=True)
    shown = store.notice_settings(session_id, CONTRACT)
    assert store.store_notice_settings(session_id, CONTRACT, replace(shown, started=False)).changed


def test_the_audit_trail_says_what_changed_and_shows_no_address(store: NoticeStore, session_id: str) -> None:
    store.store_notice_settings(session_id, CONTRACT, TYPED)
    (record,) = store.audit_records(last=1)
    assert (record.action, record.number, record.detail) == (
        "NOTICE_CHANGED",
        CONTRACT,
        "started, 1 addresses, 1 listed",
    )
    assert record.origin.startswith("session ")
    assert store.verify_audit().problem is None


def test_a_number_sees_and_changes_its_own_notices_and_no_others(
    store: NoticeStore, session_id: str, outbox: Outbox, writer: Writer
) -> None:
    for foreign in (SECOND, OTHER, "0399999999"):
        for act in (
            lambda number: store.notice_settings(session_id, number),
            lambda number: store.store_notice_settings(session_id, number, TYPED),
            lambda number: store.notice_calls(session_id, number, outbox),
            lambda number: store.take_up_notice_address(session_id, number, ANN),
            lambda number: store.send_notice_test(session_id, number, ANN, outbox, writer),
        ):
            with pytest.raises(NotAllowed):
                act(foreign)
    with pytest.raises(SessionOver):
        store.notice_settings("of nobody", CONTRACT)


def test_an_address_that_stays_keeps_its_pause_until_it_is_taken_up_again(
    store: NoticeStore, session_id: str, clock: FakeClock
) -> None:
    from notice.settings import table

    store.store_notice_settings(session_id, CONTRACT, TYPED)
    with store._database.writing() as connection:
        assert table.pause(connection, CONTRACT, ANN, clock())
    shown = store.notice_settings(session_id, CONTRACT)
    assert shown.addresses[0].paused_at == clock.now
    store.store_notice_settings(session_id, CONTRACT, replace(shown, only_listed=False))
    assert store.notice_settings(session_id, CONTRACT).addresses[0].paused_at == clock.now
    assert store.take_up_notice_address(session_id, CONTRACT, ANN)
    assert not store.take_up_notice_address(session_id, CONTRACT, ANN)
    assert store.notice_settings(session_id, CONTRACT).addresses[0].is_used


def test_a_test_mail_goes_only_to_an_address_of_the_number(
    store: NoticeStore, session_id: str, outbox: Outbox, writer: Writer, clock: FakeClock
) -> None:
    choose(store, clock, CONTRACT, ANN)
    letter_id = store.send_notice_test(session_id, CONTRACT, ANN, outbox, writer)
    (delivery,) = deliveries(store, outbox)
    assert (delivery.letter_id, delivery.address) == (letter_id, ANN)
    with pytest.raises(NotAllowed):
        store.send_notice_test(session_id, CONTRACT, BEN, outbox, writer)


def test_each_address_is_shown_with_its_last_mail(
    store: NoticeStore, session_id: str, outbox: Outbox, writer: Writer, clock: FakeClock
) -> None:
    choose(store, clock, CONTRACT, ANN, BEN)
    assert store.notice_deliveries(session_id, CONTRACT, outbox) == {}
    ids = []
    for _ in range(2):
        clock.now += timedelta(minutes=1)
        ids.append(store.send_notice_test(session_id, CONTRACT, ANN, outbox, writer))
    shown = store.notice_deliveries(session_id, CONTRACT, outbox)
    assert {address: delivery.letter_id for address, delivery in shown.items()} == {ANN: ids[-1]}


def test_calls_are_paged_even_where_several_began_at_once(
    store: NoticeStore, session_id: str, outbox: Outbox, writer: Writer, clock: FakeClock
) -> None:
    found = [
        Verdict(
            call=str(place),
            number=CONTRACT,
            caller=Caller("0459876543"),
            began_at=clock.now + timedelta(seconds=place // 3),
            ringing_ms=0,
            result=Result.BUSY,
        )
        for place in range(8)
    ]
    store.post("exchange-1", found, Place(), outbox, writer)
    every = [line.call_id for line in store.notice_calls(session_id, CONTRACT, outbox)]
    assert len(set(every)) == len(found)
    paged: list[str] = []
    while page := store.notice_calls(session_id, CONTRACT, outbox, after=paged[-1] if paged else "", most=2):
        paged += [line.call_id for line in page]
    assert paged == every
    assert store.notice_calls(session_id, CONTRACT, outbox, after="unknown") == []


def test_no_repr_shows_an_address_or_a_name() -> None:
    assert ANN not in repr(TYPED)
    assert "Tanaka" not in repr(TYPED)
