"""Operators find calls by number and time, page by page, with the delivery of each mail, and paused addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials.secrets.keys import KeyRing
from mail.outbox import Outbox, Reason, State
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.rules import Why
from notice.sides.ledger_side import Posted
from notice.store.opening import NoticeStore
from notice.store.schema import calls as calls_table
from notice.store.search import CallQuery, find_calls, find_paused
from notice.store.verdicts import CallLine, call_id_of
from tests.notice.journals import CALLER, NUMBER, START
from tests.notice.subscribers import ANN, BEN, choose, send_all
from tests.storage.databases import FakeClock

Post = Callable[..., Posted]
OTHER = "0312345679"
CALL = Verdict(
    call="x-1.0", number=NUMBER, caller=Caller(CALLER), began_at=START, ringing_ms=4000, result=Result.NOT_ANSWERED
)


@pytest.fixture
def post(store: NoticeStore, outbox: Outbox, writer: Writer) -> Post:
    return lambda *found: store.post("exchange-1", found, Place("file", 1), outbox, writer)


def found(store: NoticeStore, **asked: object) -> list[CallLine]:
    with store._database.reading() as connection:
        return find_calls(connection, CallQuery(**asked))  # type: ignore[arg-type]


def names(lines: list[CallLine]) -> list[str]:
    return [line.verdict.call for line in lines]


def nth(place: int, **others: object) -> Verdict:
    return replace(CALL, call=f"x-1.{place}", began_at=START - timedelta(minutes=place), **others)  # type: ignore[arg-type]


def test_the_latest_calls_come_first_and_a_number_is_the_called_or_the_calling_one(
    store: NoticeStore, post: Post
) -> None:
    post(nth(2, number=OTHER), nth(0), nth(1, caller=Caller(OTHER)), nth(3, number=OTHER, caller=Caller(OTHER)))
    assert names(found(store)) == ["x-1.0", "x-1.1", "x-1.2", "x-1.3"]
    assert names(found(store, number=OTHER)) == ["x-1.1", "x-1.2", "x-1.3"]
    assert names(found(store, number=NUMBER)) == ["x-1.0", "x-1.1"]
    assert names(found(store, number=OTHER[:-1])) == []


def test_times_bound_the_start_of_ringing(store: NoticeStore, post: Post) -> None:
    post(nth(0), nth(1), nth(2))
    minute = timedelta(minutes=1)
    assert names(found(store, since=START - minute)) == ["x-1.0", "x-1.1"]
    assert names(found(store, until=START)) == ["x-1.1", "x-1.2"]
    assert names(found(store, since=START - minute, until=START)) == ["x-1.1"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 3), min_size=1, max_size=9), most=st.integers(1, 4), number=st.booleans())
def test_pages_show_each_call_once_also_those_of_one_moment(
    store: NoticeStore, outbox: Outbox, writer: Writer, minutes: list[int], most: int, number: bool
) -> None:
    with store._database.writing() as connection:
        connection.execute(calls_table.delete())
    callers = (CALLER, NUMBER, "")
    calls = [
        replace(
            CALL,
            call=f"x-1.{place}",
            caller=Caller(callers[place % 3]),
            began_at=START - timedelta(minutes=minute),
        )
        for place, minute in enumerate(minutes)
    ]
    store.post("exchange-1", calls, Place("file", 1), outbox, writer)
    asked = {"number": NUMBER} if number else {}
    seen, after = list[CallLine](), ""
    while page := found(store, after=after, most=most, **asked):
        seen += page
        after = page[-1].call_id
    assert sorted(names(seen)) == sorted(call.call for call in calls)
    assert [line.verdict.began_at for line in seen] == sorted((call.began_at for call in calls), reverse=True)
    assert seen == found(store, most=100, **asked)


def test_a_page_after_a_call_that_is_forgotten_is_the_first(store: NoticeStore, post: Post) -> None:
    post(nth(0), nth(1))
    assert names(found(store, after="bcdfg")) == ["x-1.0", "x-1.1"]


def test_each_mail_has_its_delivery_or_the_call_what_kept_it_back(
    store: NoticeStore, post: Post, clock: FakeClock, keys: KeyRing, outbox: Outbox
) -> None:
    choose(store, clock, NUMBER, ANN, BEN)
    choose(store, clock, OTHER, started=False)
    post(nth(0), nth(1, number=OTHER))
    send_all(store, keys, clock, refuse=Reason.MAILBOX_FULL)
    mailed, kept_back = found(store)
    assert (mailed.why, kept_back.why, kept_back.mails) == (Why.MAILED, Why.STOPPED, ())
    assert [mail.address for mail in mailed.mails] == [ANN, BEN]
    for mail in mailed.mails:
        assert mail.delivery is not None
        assert (mail.delivery.state, mail.delivery.reason) == (State.REFUSED, Reason.MAILBOX_FULL)
    for line in (mailed, kept_back):
        assert line == store.call_line(call_id_of(line.verdict.call, line.verdict.number), outbox)


def test_paused_addresses_are_listed_the_last_paused_first(
    store: NoticeStore, post: Post, clock: FakeClock, keys: KeyRing
) -> None:
    choose(store, clock, NUMBER, ANN)
    choose(store, clock, OTHER, BEN)
    for number in (NUMBER, OTHER):
        for place in range(3):
            post(nth(place, number=number))
            clock.advance(seconds=1)
            send_all(store, keys, clock, refuse=Reason.NO_SUCH_ADDRESS)
        clock.advance(minutes=1)
        store.count_refusals()
    with store._database.reading() as connection:
        count, paused = find_paused(connection)
        assert (count, [(each.number, each.address) for each in paused]) == (2, [(OTHER, BEN), (NUMBER, ANN)])
        assert find_paused(connection, most=1) == (2, paused[:1])
        assert find_paused(connection, NUMBER) == (1, paused[1:])
        assert ANN not in repr(paused)
