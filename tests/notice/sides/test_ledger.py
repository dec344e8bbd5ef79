"""Verdicts and their mails in the store, once a call, with the place in the journal (docs/rules.md 7.4)."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from credentials.lines import provisioning
from credentials.secrets.keys import KeyRing
from mail.letter import Purpose
from mail.outbox import Outbox, Reason, State
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.caller import Reason as NoNumber
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.rules import Why
from notice.settings import table
from notice.settings.model import Listed
from notice.sides.ledger_side import TOGETHER, Posted
from notice.store.opening import NoticeStore
from notice.store.verdicts import KEPT, call_id_of
from tests.notice.journals import CALLER, NUMBER, START
from tests.notice.subscribers import ANN, BEN, choose, chosen_by, deliveries, send_all
from tests.storage.databases import FakeClock

HERE = Place("file", 10)
CALL = Verdict(
    call="x-1.1", number=NUMBER, caller=Caller(CALLER), began_at=START, ringing_ms=4000, result=Result.NOT_ANSWERED
)
ENGLISH_NUMBER = "0612345678"


class Ledger:
    def __init__(self, store: NoticeStore, outbox: Outbox, writer: Writer) -> None:
        self.store, self.outbox, self.writer = store, outbox, writer

    def post(self, *found: Verdict, place: Place = HERE) -> Posted:
        return self.store.post("exchange-1", found, place, self.outbox, self.writer)

    def together(self) -> int:
        return self.store.mail_together(self.outbox, self.writer)

    def why(self, call: Verdict = CALL) -> Why:
        line = self.store.call_line(call_id_of(call.call, call.number), self.outbox)
        assert line is not None
        return line.why


@pytest.fixture
def ledger(store: NoticeStore, outbox: Outbox, writer: Writer) -> Ledger:
    return Ledger(store, outbox, writer)


def nth(number: int, **others: object) -> Verdict:
    return replace(CALL, call=f"x-1.{number}", **others)  # type: ignore[arg-type]


def test_a_verdict_makes_one_letter_for_each_address(ledger: Ledger, clock: FakeClock) -> None:
    choose(ledger.store, clock, NUMBER, ANN, BEN)
    assert ledger.post(CALL) == Posted(new=1, letters=2)
    letters = deliveries(ledger.store, ledger.outbox, NUMBER)
    assert sorted(letter.address for letter in letters) == [ANN, BEN]
    assert {letter.purpose for letter in letters} == {Purpose.NOTICE}
    assert ledger.why() is Why.MAILED


def test_a_call_that_has_a_verdict_is_not_mailed_again_whatever_is_chosen_then(
    ledger: Ledger, clock: FakeClock
) -> None:
    choose(ledger.store, clock)
    ledger.post(CALL)
    choose(ledger.store, clock, NUMBER, BEN)
    assert ledger.post(CALL, replace(CALL, result=Result.BUSY)) == Posted()
    assert len(deliveries(ledger.store, ledger.outbox)) == 1


def test_the_place_in_the_journal_is_kept_with_the_verdicts_or_not_at_all(
    ledger: Ledger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(ledger.store, clock)
    assert ledger.store.journal_place("exchange-1") == Place()
    with monkeypatch.context() as broken:
        broken.setattr("notice.store.places.keep", _fail)
        with pytest.raises(RuntimeError):
            ledger.post(CALL)
    assert deliveries(ledger.store, ledger.outbox) == []
    ledger.post(CALL, place=HERE)
    ledger.post(place=Place("file", 20))
    assert ledger.store.journal_place("exchange-1") == Place("file", 20)
    assert ledger.store.journal_place("exchange-2") == Place()


def _fail(*_: object) -> None:
    raise RuntimeError("killed here")


def test_the_mail_is_in_the_language_of_the_line(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    choose(ledger.store, clock)
    choose(ledger.store, clock, ENGLISH_NUMBER)
    ledger.post(CALL, replace(CALL, number=ENGLISH_NUMBER))
    texts = [text for _, text in send_all(ledger.store, keys, clock)]
    assert sum("There was a call to" in text for text in texts) == 1
    assert sum("着信がありました" in text for text in texts) == 1


def test_a_number_that_has_chosen_nothing_or_is_nobodys_has_a_verdict_without_a_mail(ledger: Ledger) -> None:
    foreign = replace(CALL, number="0399999999")
    assert ledger.post(CALL, foreign) == Posted(new=2)
    assert ledger.why() is ledger.why(foreign) is Why.NOT_CHOSEN


def test_calls_of_over_thirty_days_ago_are_left_alone(ledger: Ledger, clock: FakeClock) -> None:
    choose(ledger.store, clock)
    clock.advance(days=31)
    assert ledger.post(CALL) == Posted(too_old=1)


def test_verdicts_are_forgotten_after_thirty_days(ledger: Ledger, clock: FakeClock) -> None:
    choose(ledger.store, clock)
    ledger.post(CALL)
    clock.now += KEPT
    assert ledger.store.forget_calls() == 0
    clock.advance(seconds=1)
    assert ledger.store.forget_calls() == 1
    assert ledger.store.calls_of(NUMBER, ledger.outbox) == []


def test_settings_and_calls_go_when_the_number_gets_another_holder(ledger: Ledger, clock: FakeClock) -> None:
    additional = "0312345679"
    choose(ledger.store, clock, additional, listed=(Listed(number=CALLER),))
    ledger.post(replace(CALL, number=additional), CALL)
    ledger.store.move_number(additional, to=ENGLISH_NUMBER)
    assert chosen_by(ledger.store, additional).version == ""
    assert ledger.store.calls_of(additional, ledger.outbox) == []
    assert len(ledger.store.calls_of(NUMBER, ledger.outbox)) == 1
    ledger.store.move_number(additional, to=NUMBER)
    assert chosen_by(ledger.store, additional).version == ""
    choose(ledger.store, clock, additional)
    ledger.store.remove_number(additional)
    assert chosen_by(ledger.store, additional).addresses == ()


# --- several calls as one mail --------------------------------------------------------------------------------


def test_calls_of_one_caller_within_a_minute_are_one_mail(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    choose(ledger.store, clock, together=True)
    assert ledger.post(nth(1)) == Posted(new=1)
    clock.advance(seconds=30)
    ledger.post(nth(2), nth(3, caller=Caller("0399999999")), nth(4, caller=Caller("", NoNumber.WITHHELD)))
    assert ledger.together() == 0
    clock.now = START + TOGETHER
    assert ledger.together() == 1
    clock.advance(seconds=30)
    assert ledger.together() == 2
    assert ledger.together() == 0
    texts = [text for _, text in send_all(ledger.store, keys, clock)]
    assert sum("2件の着信" in text for text in texts) == 1
    assert len(texts) == 3
    assert {ledger.why(nth(number)) for number in (1, 2, 3, 4)} == {Why.MAILED}


def test_what_waits_is_not_mailed_once_the_number_has_stopped(ledger: Ledger, clock: FakeClock) -> None:
    choose(ledger.store, clock, together=True)
    ledger.post(CALL)
    assert ledger.why() is Why.WAITS
    choose(ledger.store, clock, together=True, started=False)
    clock.now += TOGETHER
    assert ledger.together() == 0
    assert ledger.why() is Why.STOPPED


# --- refusals -------------------------------------------------------------------------------------------------


def test_an_address_is_paused_after_three_refusals_in_a_row(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    choose(ledger.store, clock, NUMBER, ANN)
    for number in range(1, 4):
        ledger.post(nth(number))
        clock.advance(seconds=1)
        send_all(ledger.store, keys, clock, refuse=Reason.NO_SUCH_ADDRESS)
        assert ledger.store.count_refusals() == (1 if number == 3 else 0)
    (address,) = chosen_by(ledger.store).addresses
    assert address.paused_at == clock.now
    ledger.post(nth(4))
    assert ledger.why(nth(4)) is Why.PAUSED
    assert ledger.store.audit_records(last=1)[0].action == "NOTICE_PAUSED"
    assert ANN not in str(ledger.store.audit_records())


def test_a_mail_that_is_taken_ends_the_row_and_one_that_comes_back_goes_on_with_it(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    choose(ledger.store, clock)
    for number, refuse in enumerate([Reason.OTHER, Reason.OTHER, None, Reason.OTHER, Reason.OTHER], start=1):
        ledger.post(nth(number))
        clock.advance(seconds=1)
        send_all(ledger.store, keys, clock, refuse=refuse)
        assert ledger.store.count_refusals() == 0
    taken = next(each for each in deliveries(ledger.store, ledger.outbox) if each.state is State.TAKEN)
    with ledger.store._database.writing() as connection:
        ledger.outbox.bounced(connection, taken.letter_id, Reason.MAILBOX_FULL, "552 full")
    assert ledger.store.count_refusals() == 1


def come_back(ledger: Ledger, *places: int) -> list[int]:
    """Let notices come back one by one, by their places from the first on; return how many addresses each pauses."""
    letters = sorted(deliveries(ledger.store, ledger.outbox), key=lambda letter: letter.created_at)
    paused = []
    for place in places:
        with ledger.store._database.writing() as connection:
            assert ledger.outbox.bounced(connection, letters[place].letter_id, Reason.NO_SUCH_ADDRESS, "550 5.1.1 no")
        paused.append(ledger.store.count_refusals())
    return paused


def mail_calls(ledger: Ledger, clock: FakeClock, keys: KeyRing, count: int) -> None:
    """Let calls come, one a minute, whose mails are all taken."""
    for number in range(1, count + 1):
        ledger.post(nth(number))
        send_all(ledger.store, keys, clock)
        clock.advance(minutes=1)


def test_three_notices_that_come_back_pause_the_address_though_later_ones_were_just_taken(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    choose(ledger.store, clock)
    mail_calls(ledger, clock, keys, 5)
    assert come_back(ledger, 0, 1, 2) == [0, 0, 1]
    assert chosen_by(ledger.store).addresses[0].paused_at == clock.now


def test_a_notice_between_them_that_did_not_come_back_ends_the_row(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    choose(ledger.store, clock)
    mail_calls(ledger, clock, keys, 5)
    assert come_back(ledger, 0, 1, 3, 4) == [0, 0, 0, 0]
    assert come_back(ledger, 2) == [1]


def test_old_notices_that_come_back_do_not_pause_an_address_that_gets_later_ones(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    choose(ledger.store, clock)
    mail_calls(ledger, clock, keys, 4)
    clock.advance(hours=1)
    assert come_back(ledger, 0, 1, 2) == [0, 0, 0]


def test_notices_that_were_given_up_do_not_pause_an_address(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    choose(ledger.store, clock)
    mail_calls(ledger, clock, keys, 4)
    for letter in deliveries(ledger.store, ledger.outbox):
        with ledger.store._database.writing() as connection:
            assert ledger.outbox.given_up(connection, letter.letter_id, Reason.MAILBOX_FULL, "452 4.2.2 full")
    assert ledger.store.count_refusals() == 0
    assert chosen_by(ledger.store).addresses[0].is_used


def test_refusals_from_before_an_address_was_taken_up_again_do_not_count(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    choose(ledger.store, clock)
    for number in range(1, 4):
        ledger.post(nth(number))
    send_all(ledger.store, keys, clock, refuse=Reason.OTHER)
    assert ledger.store.count_refusals() == 1
    clock.advance(seconds=1)
    with ledger.store._database.writing() as connection:
        assert table.take_up(connection, NUMBER, ANN, clock())
    ledger.post(nth(5))
    send_all(ledger.store, keys, clock, refuse=Reason.OTHER)
    assert ledger.store.count_refusals() == 0
    assert chosen_by(ledger.store).addresses[0].is_used


def test_the_refusals_of_one_number_pause_no_other(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    other = "0312345679"
    choose(ledger.store, clock)
    choose(ledger.store, clock, other)
    for number in range(1, 4):
        ledger.post(nth(number))
    send_all(ledger.store, keys, clock, refuse=Reason.OTHER)
    assert ledger.store.count_refusals() == 1
    assert chosen_by(ledger.store, other).addresses[0].is_used


def test_a_pause_is_not_lost_where_its_number_stores_settings_at_that_moment(
    ledger: Ledger, clock: FakeClock, keys: KeyRing
) -> None:
    chosen = choose(ledger.store, clock)
    for number in range(1, 4):
        ledger.post(nth(number))
    send_all(ledger.store, keys, clock, refuse=Reason.OTHER)
    with ThreadPoolExecutor() as threads:
        with ledger.store._database.writing() as connection:
            assert provisioning.hold_line(connection, NUMBER) is not None
            table.replace(connection, NUMBER, replace(chosen, only_listed=True), clock())
            counting = threads.submit(ledger.store.count_refusals)
            with pytest.raises(TimeoutError):
                counting.result(timeout=0.5)
        assert counting.result() == 1
    after = chosen_by(ledger.store)
    assert (after.only_listed, after.addresses[0].paused_at) == (True, clock.now)


def test_settings_that_are_stored_while_refusals_are_counted_keep_the_pause(
    ledger: Ledger, clock: FakeClock, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = choose(ledger.store, clock)
    for number in range(1, 4):
        ledger.post(nth(number))
    send_all(ledger.store, keys, clock, refuse=Reason.OTHER)

    def store_settings() -> None:
        with ledger.store._database.writing() as connection:
            assert provisioning.hold_line(connection, NUMBER) is not None
            table.replace(connection, NUMBER, replace(chosen, only_listed=True), clock())

    with ThreadPoolExecutor() as threads:
        storing: list[Future[None]] = []
        pause = table.pause

        def pause_slowly(connection: Connection, number: str, address: str, now: datetime) -> bool:
            storing.append(threads.submit(store_settings))
            with pytest.raises(TimeoutError):  # it waits until the refusals are counted
                storing[0].result(timeout=0.5)
            return pause(connection, number, address, now)

        monkeypatch.setattr(table, "pause", pause_slowly)
        assert ledger.store.count_refusals() == 1
        storing[0].result()
    after = chosen_by(ledger.store)
    assert (after.only_listed, after.addresses[0].paused_at) == (True, clock.now)


# --- why no mail? ---------------------------------------------------------------------------------------------


def test_each_call_of_a_number_says_what_came_of_it(ledger: Ledger, clock: FakeClock, keys: KeyRing) -> None:
    choose(ledger.store, clock, only_unanswered=True)
    answered = nth(2, began_at=START + timedelta(seconds=60), result=Result.ANSWERED)
    ledger.post(CALL, answered)
    clock.advance(seconds=5)
    send_all(ledger.store, keys, clock)
    newest, oldest = ledger.store.calls_of(NUMBER, ledger.outbox)
    assert (newest.why, newest.mails, newest.verdict) == (Why.ANSWERED, (), answered)
    assert (oldest.why, oldest.verdict) == (Why.MAILED, CALL)
    (mail,) = oldest.mails
    assert mail.address == ANN
    assert mail.delivery is not None
    assert (mail.delivery.state, mail.delivery.ended_at) == (State.TAKEN, clock.now)
    assert ledger.store.calls_of("0312345679", ledger.outbox) == []
