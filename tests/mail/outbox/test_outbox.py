"""A letter is in the outbox with the transaction of whoever mails, or not at all; its text is sealed there."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from credentials.secrets.keys import KeyRing
from mail.addresses import InvalidAddress
from mail.letter import LONGEST_BODY, Letter, Purpose
from mail.outbox import MAIL, Outbox, Reason, State
from mail.outbox.leases import Leases
from mail.outbox.schema import metadata
from storage.database import Database
from storage.migrate import downgrade, upgrade
from tests.mail.post import ADDRESS, CODE, LINK, NUMBER, letter_for
from tests.storage.databases import FakeClock
from tests.storage.schemas import differences


def add(database: Database, outbox: Outbox, letter: Letter) -> str:
    with database.writing() as connection:
        return outbox.add(connection, letter)


def test_the_migrations_make_exactly_the_schema_of_the_code_and_can_be_taken_back(empty_url: str) -> None:
    database = Database(empty_url)
    upgrade(database, MAIL)
    assert differences(database, MAIL, metadata) == []
    downgrade(database, MAIL, "base")
    upgrade(database, MAIL)
    database.close()


def test_a_letter_is_there_once_its_transaction_is_committed(
    database: Database, outbox: Outbox, letter: Letter, clock: FakeClock
) -> None:
    letter_id = add(database, outbox, letter)
    with database.reading() as connection:
        delivery = outbox.find(connection, letter_id)
    assert delivery is not None
    assert (delivery.purpose, delivery.state, delivery.reason) == (Purpose.CODE, State.WAITING, Reason.NONE)
    assert (delivery.number, delivery.address) == (NUMBER, ADDRESS)
    assert (delivery.created_at, delivery.tries, delivery.ended_at) == (clock.now, 0, None)


def test_a_letter_of_a_transaction_that_fails_never_was(database: Database, keys: KeyRing, letter: Letter) -> None:
    woken: list[str] = []
    outbox = Outbox(keys, added=lambda: woken.append("woken"))

    def add_and_fail() -> None:
        with database.writing() as connection:
            outbox.add(connection, letter)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with database.reading() as connection:
        assert outbox.deliveries(connection) == []
    assert woken == []
    add(database, outbox, letter)
    assert woken == ["woken"]


def test_no_text_of_a_letter_is_in_the_database(
    database: Database, outbox: Outbox, letter: Letter, database_file: Path
) -> None:
    add(database, outbox, letter)
    with sqlite3.connect(database_file) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    written = b"".join(path.read_bytes() for path in database_file.parent.glob("store.db*"))
    assert ADDRESS in dump
    for secret in (CODE, LINK, "canary", "ワンタイム"):
        assert secret not in dump
        assert secret.encode() not in written


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_no_repr_shows_a_text_or_an_address(database: Database, outbox: Outbox, letter: Letter, leases: Leases) -> None:
    add(database, outbox, letter)
    with database.reading() as connection:
        shown = repr(outbox.deliveries(connection)) + repr(letter)
    shown += repr(leases.take(1))
    for secret in (CODE, LINK, ADDRESS, NUMBER):
        assert secret not in shown


def test_a_name_that_only_one_letter_can_have_is_had_by_the_first(
    database: Database, outbox: Outbox, clock: FakeClock
) -> None:
    first = add(database, outbox, letter_for(clock.now, once="call-7 ann"))
    second = add(database, outbox, letter_for(clock.now, once="call-7 ann", subject="another"))
    third = add(database, outbox, letter_for(clock.now, once="call-8 ann"))
    assert first == second != third
    with database.reading() as connection:
        assert len(outbox.deliveries(connection)) == 2
        named = outbox.named(connection, "call-7 ann")
    assert named is not None
    assert named.letter_id == first


def test_of_many_who_add_a_letter_of_one_name_at_once_all_get_the_one(
    database: Database, outbox: Outbox, clock: FakeClock
) -> None:
    letter = letter_for(clock.now, once="call-7 ann")
    with ThreadPoolExecutor(8) as threads:
        ids = {future.result() for future in [threads.submit(add, database, outbox, letter) for _ in range(24)]}
    assert len(ids) == 1
    with database.reading() as connection:
        assert outbox.backlog(connection).waiting == 1


def test_what_became_of_letters_is_listed_by_number_and_by_address_the_newest_first(
    database: Database, outbox: Outbox, clock: FakeClock
) -> None:
    ids = []
    for to, number in [("ann@example.jp", "0312345678"), ("bob@example.jp", "0312345678"), ("Ann@example.jp", "0399")]:
        ids.append(add(database, outbox, letter_for(clock.now, to=to, number=number)))
        clock.advance(seconds=1)

    def listed(**which: str) -> list[str]:
        with database.reading() as connection:
            return [delivery.letter_id for delivery in outbox.deliveries(connection, **which)]  # type: ignore[arg-type]

    assert listed() == ids[::-1]
    assert listed(number="0312345678") == [ids[1], ids[0]]
    assert listed(address="ann@example.jp") == [ids[2], ids[0]]


def test_the_backlog_tells_how_many_wait_and_for_how_long(
    database: Database, outbox: Outbox, letter: Letter, clock: FakeClock, leases: Leases
) -> None:
    def backlog() -> tuple[int, float]:
        with database.reading() as connection:
            found = outbox.backlog(connection)
        return found.waiting, found.oldest_s

    assert backlog() == (0, 0.0)
    add(database, outbox, letter)
    clock.advance(seconds=10)
    add(database, outbox, letter)
    assert backlog() == (2, 10.0)
    for one in leases.take(2):
        leases.taken(one)
    assert backlog() == (0, 0.0)


@pytest.mark.parametrize("noted_first", [True, False])
def test_a_letter_that_comes_back_is_refused_even_if_it_comes_before_we_noted_that_it_was_taken(
    database: Database, outbox: Outbox, letter: Letter, leases: Leases, *, noted_first: bool
) -> None:
    letter_id = add(database, outbox, letter)
    (leased,) = leases.take(1)
    if noted_first:
        leases.taken(leased)
    with database.writing() as connection:
        assert outbox.bounced(connection, letter_id, Reason.MAILBOX_FULL, "452 4.2.2 full\r\nX: y")
    leases.taken(leased)
    with database.reading() as connection:
        delivery = outbox.find(connection, letter_id)
        assert connection.exec_driver_sql("SELECT sealed FROM mail_letters").scalar_one() is None
    assert delivery is not None
    assert (delivery.state, delivery.reason) == (State.REFUSED, Reason.MAILBOX_FULL)
    assert delivery.reply == "452 4.2.2 full X: y"
    with database.writing() as connection:
        assert not outbox.bounced(connection, "nosuchletter", Reason.OTHER, "")


def test_a_letter_wants_an_address_and_a_body_that_is_not_endless(clock: FakeClock) -> None:
    with pytest.raises(InvalidAddress):
        letter_for(clock.now, to="ann@example.jp\r\nBcc: bob@example.jp")
    with pytest.raises(ValueError, match="100000"):
        letter_for(clock.now, body="x" * (LONGEST_BODY + 1))
