"""The new holder of a number neither sees the earlier holder's calls nor is mailed about them (docs/rules.md 7.1)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from credentials.model import Unit
from mail.outbox import Outbox
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.rules import Why
from notice.sides.ledger_side import TOGETHER
from notice.store import verdicts
from notice.store.opening import NoticeStore
from notice.store.schema import calls, mails
from notice.store.verdicts import CallLine, call_id_of
from tests.credentials.site.subscribers import CONTRACT, OTHER, SECOND, log_in, sign_up
from tests.notice.journals import CALLER
from tests.notice.subscribers import ANN, BEN, choose, deliveries
from tests.storage.databases import FakeClock


def move(store: NoticeStore) -> None:
    store.move_number(SECOND, to=OTHER)


def remove_and_add(store: NoticeStore) -> None:
    store.remove_number(SECOND)
    store.add_number(SECOND, to=OTHER)


def import_anew(store: NoticeStore) -> None:
    store.import_lines(io.StringIO(f"contract_number,number\n{OTHER},{SECOND}\n{CONTRACT},\n", newline=""))


def remove_the_line_and_import(store: NoticeStore) -> None:
    store.remove_line(CONTRACT)
    store.import_lines(io.StringIO(f"contract_number,number\n{OTHER},{SECOND}\n", newline=""))


class Number:
    """A number that changes hands, and the reader of its exchange's journal."""

    def __init__(self, store: NoticeStore, outbox: Outbox, writer: Writer, clock: FakeClock) -> None:
        self.store, self.outbox, self.writer, self.clock = store, outbox, writer, clock

    def call(self, call: str) -> Verdict:
        """A call that begins now."""
        return Verdict(
            call=call,
            number=SECOND,
            caller=Caller(CALLER),
            began_at=self.clock.now,
            ringing_ms=4000,
            result=Result.NOT_ANSWERED,
        )

    def post(self, *found: Verdict) -> None:
        self.store.post("exchange-1", found, Place(), self.outbox, self.writer)

    def together(self) -> int:
        return self.store.mail_together(self.outbox, self.writer)

    def shown(self) -> list[CallLine]:
        """What its holder sees."""
        sign_up(self.store, SECOND, Unit.NUMBER)
        return self.store.notice_calls(log_in(self.store, SECOND), SECOND, self.outbox)

    def mailed(self) -> list[str]:
        return [letter.address for letter in deliveries(self.store, self.outbox)]

    def rows(self) -> tuple[int, int]:
        with self.store._database.reading() as connection:
            counts = [connection.scalar(select(func.count()).select_from(table)) for table in (calls, mails)]
        return counts[0] or 0, counts[1] or 0


@pytest.fixture
def number(store: NoticeStore, outbox: Outbox, writer: Writer, clock: FakeClock) -> Number:
    """The number, a minute after its first holder got it and chose to be mailed."""
    choose(store, clock, SECOND, ANN)
    clock.advance(minutes=1)
    return Number(store, outbox, writer, clock)


@pytest.mark.parametrize("change_hands", [move, remove_and_add, import_anew, remove_the_line_and_import])
def test_the_earlier_holders_calls_are_gone_with_their_addresses(
    number: Number, change_hands: Callable[[NoticeStore], None]
) -> None:
    number.post(number.call("earlier"))
    assert number.rows() == (1, 1)
    number.clock.advance(minutes=1)
    change_hands(number.store)
    assert number.rows() == (0, 0)
    assert number.shown() == []


@pytest.mark.parametrize("change_hands", [move, remove_and_add, import_anew, remove_the_line_and_import])
def test_a_call_that_the_reader_reads_late_or_again_is_neither_mailed_nor_shown(
    number: Number, change_hands: Callable[[NoticeStore], None]
) -> None:
    read, late = number.call("read before"), number.call("read late")
    number.post(read)
    number.clock.advance(minutes=1)
    change_hands(number.store)
    choose(number.store, number.clock, SECOND, BEN)
    number.clock.advance(seconds=1)
    present = number.call("of the present holder")
    number.post(read, late, present)
    assert number.mailed() == [BEN, ANN]
    assert [line.verdict.call for line in number.shown()] == ["of the present holder"]
    again = number.store.call_line(call_id_of("read late", SECOND), number.outbox)
    assert again is not None
    assert (again.why, again.mails) == (Why.NOT_CHOSEN, ())


def test_a_call_that_waits_while_the_number_moves_is_mailed_to_nobody(number: Number) -> None:
    choose(number.store, number.clock, SECOND, ANN, together=True)
    number.post(number.call("waits"))
    move(number.store)
    choose(number.store, number.clock, SECOND, BEN)
    number.clock.now += TOGETHER
    assert number.together() == 0
    assert number.mailed() == []


def test_one_that_was_kept_in_the_very_moment_of_the_move_is_not_mailed_with_those_of_the_present_holder(
    number: Number,
) -> None:
    earlier = number.call("earlier")
    number.clock.advance(seconds=1)
    move(number.store)
    choose(number.store, number.clock, SECOND, BEN, together=True)
    with number.store._database.writing() as connection:  # the trigger did not see it: it was not committed yet
        verdicts.add(connection, earlier, Why.WAITS, now=number.clock.now, mail_at=number.clock.now + TOGETHER)
    number.clock.advance(seconds=1)
    number.post(number.call("present"))
    number.clock.now += TOGETHER
    assert number.together() == 1
    assert number.mailed() == [BEN]
    (line,) = number.shown()
    assert (line.verdict.call, line.why) == ("present", Why.MAILED)
    kept = number.store.call_line(call_id_of("earlier", SECOND), number.outbox)
    assert kept is not None
    assert (kept.why, kept.mails) == (Why.NOT_CHOSEN, ())


def test_calls_from_before_a_number_had_a_holder_are_not_shown_to_its_first(number: Number) -> None:
    number.store.remove_number(SECOND)
    number.post(number.call("nobody's"))
    number.clock.now += timedelta(minutes=1)
    number.store.add_number(SECOND, to=OTHER)
    assert number.shown() == []
