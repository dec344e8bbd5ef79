"""Senders share an outbox: a letter has one sender at a time, and a sender that dies loses none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from credentials.secrets.keys import Key, KeyRing
from mail.letter import Letter
from mail.outbox import Outbox, Reason, State
from mail.outbox.leases import Leases
from mail.outbox.schema import letters
from storage.database import Database
from tests.mail.post import CODE, letter_for
from tests.storage.databases import FakeClock


def add(database: Database, outbox: Outbox, letter: Letter) -> str:
    with database.writing() as connection:
        return outbox.add(connection, letter)


def state_of(database: Database, outbox: Outbox, letter_id: str) -> tuple[State, Reason]:
    with database.reading() as connection:
        delivery = outbox.find(connection, letter_id)
    assert delivery is not None
    return delivery.state, delivery.reason


def test_a_letter_that_is_taken_up_is_nobody_elses_until_the_lease_ends(
    database: Database, outbox: Outbox, leases: Leases, letter: Letter, clock: FakeClock
) -> None:
    assert not leases.any_due()
    letter_id = add(database, outbox, letter)
    assert leases.any_due()
    (first,) = leases.take(5)
    assert (first.letter_id, first.to, first.body, first.tries) == (letter_id, letter.to, letter.body, 1)
    assert (first.useful_s, first.lives_s) == (300.0, 300.0)
    assert CODE in first.body
    clock.advance(seconds=59)
    assert leases.take(5) == []
    assert not leases.any_due()
    clock.advance(seconds=1)
    assert leases.any_due()
    (second,) = leases.take(5)
    assert (second.letter_id, second.tries, second.useful_s) == (letter_id, 2, 240.0)


def test_a_sender_whose_lease_has_ended_may_only_note_that_the_letter_was_taken(
    database: Database, outbox: Outbox, leases: Leases, letter: Letter, clock: FakeClock
) -> None:
    letter_id = add(database, outbox, letter)
    (slow,) = leases.take(1)
    clock.advance(seconds=60)
    (quick,) = leases.take(1)
    leases.put_off(slow, timedelta(seconds=1), Reason.LATER, "slow")
    leases.refused(slow, Reason.OTHER, "slow")
    assert state_of(database, outbox, letter_id) == (State.WAITING, Reason.NONE)
    assert leases.take(1) == []
    leases.taken(slow)
    assert state_of(database, outbox, letter_id) == (State.TAKEN, Reason.NONE)
    leases.refused(quick, Reason.OTHER, "quick")
    assert state_of(database, outbox, letter_id) == (State.TAKEN, Reason.NONE)


def test_a_letter_that_is_put_off_is_due_again_after_its_delay(
    database: Database, outbox: Outbox, leases: Leases, letter: Letter, clock: FakeClock
) -> None:
    letter_id = add(database, outbox, letter)
    (leased,) = leases.take(1)
    leases.put_off(leased, timedelta(seconds=30), Reason.LATER, "451 later")
    assert state_of(database, outbox, letter_id) == (State.WAITING, Reason.LATER)
    clock.advance(seconds=29)
    assert leases.take(1) == []
    clock.advance(seconds=1)
    assert [again.tries for again in leases.take(1)] == [2]


def test_letters_that_are_soon_of_no_use_come_first(
    database: Database, outbox: Outbox, leases: Leases, clock: FakeClock
) -> None:
    link = add(database, outbox, letter_for(clock.now, lives_s=86400))
    code = add(database, outbox, letter_for(clock.now, lives_s=300))
    assert [letter.letter_id for letter in leases.take(2)] == [code, link]


def test_a_letter_of_no_use_is_given_up_with_its_text_but_not_while_a_sender_has_it(
    database: Database, outbox: Outbox, leases: Leases, letter: Letter, clock: FakeClock
) -> None:
    given_up = add(database, outbox, letter)
    clock.advance(seconds=299)
    assert leases.give_up_late() == 0
    (leased,) = leases.take(1)
    clock.advance(seconds=1)
    assert leases.take(1) == []
    assert leases.give_up_late() == 0
    leases.put_off(leased, timedelta(0), Reason.LATER, "451 later")
    assert leases.take(1) == []
    assert leases.give_up_late() == 1
    assert state_of(database, outbox, given_up) == (State.EXPIRED, Reason.LATER)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT sealed FROM mail_letters").scalar_one() is None


def test_what_became_of_letters_is_forgotten_after_its_days_and_not_before_they_end(
    database: Database, outbox: Outbox, leases: Leases, clock: FakeClock
) -> None:
    add(database, outbox, letter_for(clock.now))
    waits = add(database, outbox, letter_for(clock.now, lives_s=100 * 86400))
    ended, _ = leases.take(2)
    leases.taken(ended)
    clock.advance(days=30)
    assert leases.forget(timedelta(days=30)) == 0
    clock.advance(seconds=1)
    assert leases.forget(timedelta(days=30)) == 1
    assert leases.forget(timedelta(days=30)) == 0
    with database.reading() as connection:
        assert [delivery.letter_id for delivery in outbox.deliveries(connection)] == [waits]


def test_of_many_senders_at_once_each_gets_letters_of_its_own(
    database: Database, outbox: Outbox, leases: Leases, letter: Letter
) -> None:
    added = {add(database, outbox, letter) for _ in range(60)}
    with ThreadPoolExecutor(8) as threads:
        taken = [one.letter_id for some in threads.map(leases.take, [5] * 16) for one in some]
    taken += [one.letter_id for one in leases.take(60)]
    assert len(taken) == 60
    assert set(taken) == added


def test_a_letter_whose_key_is_not_at_hand_is_left_to_others_and_sent_once_the_key_is_there(
    database: Database, outbox: Outbox, keys: KeyRing, letter: Letter, clock: FakeClock
) -> None:
    letter_id = add(database, outbox, letter)
    lease, another = timedelta(seconds=60), Key(bytes(range(1, 33)))
    assert Leases(database, KeyRing([another]), lease=lease, clock=clock).take(1) == []
    assert state_of(database, outbox, letter_id) == (State.WAITING, Reason.UNREADABLE)
    clock.advance(seconds=30)
    rotated = Leases(database, KeyRing([another, *keys]), lease=lease, clock=clock)
    assert [found.body for found in rotated.take(1)] == [letter.body]


@pytest.mark.parametrize("forged", ["another letter's", "cut", "made up"])
def test_a_text_that_was_changed_or_belongs_to_another_letter_is_not_sent(
    database: Database, outbox: Outbox, leases: Leases, clock: FakeClock, forged: str
) -> None:
    letter_id, other = (add(database, outbox, letter_for(clock.now)) for _ in range(2))
    with database.writing() as connection:
        sealed = connection.scalar(select(letters.c.sealed).where(letters.c.letter_id == other)) or b""
        text = {"another letter's": sealed, "cut": sealed[:-1], "made up": b"x"}[forged]
        connection.execute(update(letters).where(letters.c.letter_id == letter_id).values(sealed=text))
    assert [found.letter_id for found in leases.take(2)] == [other]
    assert state_of(database, outbox, letter_id) == (State.WAITING, Reason.UNREADABLE)
