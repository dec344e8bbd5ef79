"""Mails are limited by number, address and client; the count holds under races, and the limit says until when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.secrets.keys import Key, KeyRing
from mail.letter import Letter, Purpose
from mail.outbox import MAIL, Limit, LimitReached, MailLimits, Outbox, Rate
from storage.database import Database
from storage.migrate import upgrade
from tests.mail.post import letter_for
from tests.storage.databases import FakeClock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
THREE_A_MINUTE = (Rate(3, MINUTE),)
LIMITS = MailLimits(of_a_number=THREE_A_MINUTE, of_an_address=THREE_A_MINUTE, of_a_client=THREE_A_MINUTE)

Add = Callable[..., str | LimitReached]


@pytest.fixture
def add(database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock) -> Add:
    outbox = open_outbox(LIMITS)

    def add_one(**values: Any) -> str | LimitReached:
        return try_to_add(database, outbox, letter_for(clock.now, **values))

    return add_one


def try_to_add(database: Database, outbox: Outbox, letter: Letter) -> str | LimitReached:
    with database.writing() as connection:
        try:
            return outbox.add(connection, letter)
        except LimitReached as reached:
            return reached


def counted(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM mail_letters").scalar_one())


@pytest.mark.parametrize(
    ("limit", "others"),
    [
        (Limit.NUMBER, [{"to": f"p{n}@example.jp", "client": f"192.0.2.{n}"} for n in range(4)]),
        (Limit.ADDRESS, [{"number": f"031234567{n}", "client": f"192.0.2.{n}"} for n in range(4)]),
        (
            Limit.ADDRESS,
            [
                {"to": to, "number": f"031234567{n}", "client": f"192.0.2.{n}"}
                for n, to in enumerate(["ann@example.jp", "ANN@Example.jp", "ann+1@example.jp", "ann+2@example.jp"])
            ],
        ),
        (Limit.CLIENT, [{"to": f"p{n}@example.jp", "number": f"031234567{n}"} for n in range(4)]),
    ],
)
def test_the_letter_too_many_is_told_from_when_on_it_is_possible_and_leaves_nothing(
    database: Database, add: Add, clock: FakeClock, limit: Limit, others: list[dict[str, str]]
) -> None:
    first_at = clock.now
    for values in others[:3]:
        assert isinstance(add(**values), str)
        clock.advance(seconds=10)
    refused = add(**others[3])
    assert isinstance(refused, LimitReached)
    assert refused.limit is limit
    assert refused.possible_at == first_at + MINUTE
    assert counted(database) == 3
    clock.now = refused.possible_at
    assert isinstance(add(**others[3]), str)


def test_a_letter_of_another_number_address_and_client_is_not_held_back(add: Add) -> None:
    for _ in range(3):
        add()
    assert isinstance(add(), LimitReached)
    assert isinstance(add(to="bob@example.jp", number="0312345679", client="192.0.2.8"), str)


def test_notices_of_calls_are_neither_limited_nor_counted(add: Add) -> None:
    for _ in range(10):
        assert isinstance(add(purpose=Purpose.NOTICE), str)
    assert isinstance(add(), str)


def test_letters_without_number_and_client_share_no_limit(add: Add) -> None:
    for person in range(6):
        assert isinstance(add(to=f"p{person}@example.jp", number="", client=""), str)


def test_of_several_rates_the_one_that_lasts_longest_is_told(
    database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock
) -> None:
    rates = (Rate(1, MINUTE), Rate(2, DAY))
    outbox = open_outbox(MailLimits(of_a_number=rates, of_an_address=(), of_a_client=()))
    first_at = clock.now
    assert isinstance(try_to_add(database, outbox, letter_for(clock.now)), str)
    refused = try_to_add(database, outbox, letter_for(clock.now))
    assert isinstance(refused, LimitReached)
    assert refused.possible_at == first_at + MINUTE
    clock.advance(minutes=1)
    assert isinstance(try_to_add(database, outbox, letter_for(clock.now)), str)
    refused = try_to_add(database, outbox, letter_for(clock.now))
    assert isinstance(refused, LimitReached)
    assert refused.possible_at == first_at + DAY


def test_a_clock_that_was_set_back_does_not_hold_letters_back_for_longer(add: Add, clock: FakeClock) -> None:
    clock.advance(days=1)
    for _ in range(3):
        add()
    clock.advance(days=-1)
    assert isinstance(add(), str)


@pytest.mark.parametrize("shared", ["number", "to", "client"])
def test_of_many_letters_at_once_exactly_as_many_as_permitted_are_written(
    database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock, shared: str
) -> None:
    outbox = open_outbox(LIMITS)

    def add_one(turn: int) -> bool:
        own: dict[str, Any] = {"number": f"03123456{turn:02}", "to": f"p{turn}@example.jp", "client": f"192.0.2.{turn}"}
        del own[shared]
        return isinstance(try_to_add(database, outbox, letter_for(clock.now, **own)), str)

    with ThreadPoolExecutor(16) as threads:
        written = list(threads.map(add_one, range(48)))
    assert sum(written) == 3
    assert counted(database) == 3


def test_many_letters_are_added_together_or_not_at_all(
    database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock
) -> None:
    outbox = open_outbox(LIMITS)
    first_at = clock.now

    def add_all(*places: int) -> None:
        letters = [
            letter_for(clock.now, number=f"03123456{n:02}", to=f"p{n % 10}@example.jp", client="") for n in places
        ]
        with database.writing() as connection:
            outbox.add_all(connection, letters)

    add_all(*range(10), 10)
    assert counted(database) == 11
    clock.advance(seconds=10)
    with pytest.raises(LimitReached) as reached:
        add_all(20, 30, 41)  # p0 has two already
    assert (reached.value.limit, reached.value.possible_at) == (Limit.ADDRESS, first_at + MINUTE)
    assert counted(database) == 11
    add_all(20, 41)
    assert counted(database) == 13
    add_all()
    named = letter_for(clock.now, once="a call")
    with pytest.raises(ValueError, match="one by one"), database.writing() as connection:
        outbox.add_all(connection, [named])


def test_letters_that_are_added_in_opposite_orders_at_once_do_not_wait_for_each_other(
    database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock
) -> None:
    outbox = open_outbox(MailLimits(of_a_number=(), of_an_address=(Rate(10_000, DAY),), of_a_client=()))
    people = list(range(12))

    def add_all(turn: int) -> None:
        order = people if turn % 2 else people[::-1]
        with database.writing() as connection:
            letters = [letter_for(clock.now, to=f"p{place}@example.jp", number="", client="") for place in order]
            outbox.add_all(connection, letters)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_all, range(80)))
    assert counted(database) == 80 * len(people)


def test_a_transaction_may_add_letters_to_20000_people(
    database: Database, open_outbox: Callable[..., Outbox], clock: FakeClock
) -> None:
    outbox = open_outbox(MailLimits())
    letters = [
        letter_for(clock.now, number=f"03{place:08}", to=f"p{place}@example.jp", client="") for place in range(20_000)
    ]
    with database.writing() as connection:
        outbox.add_all(connection, letters)
    assert counted(database) == 20_000


RATES = st.lists(
    st.builds(Rate, st.integers(1, 4), st.integers(1, 100).map(lambda s: timedelta(seconds=s))), max_size=2
)
STEPS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("pq")))


def plainly_possible_at(taken: list[datetime], rates: list[Rate], now: datetime) -> datetime:
    """Find by trying when one more letter is possible."""
    moment = now
    while any(sum(moment - rate.within < one for one in taken) >= rate.count for rate in rates):
        moment += timedelta(seconds=1)
    return moment


@settings(max_examples=60)
@given(of_a_number=RATES, of_an_address=RATES, of_a_client=RATES, steps=STEPS)
def test_any_history_agrees_with_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory,
    of_a_number: list[Rate],
    of_an_address: list[Rate],
    of_a_client: list[Rate],
    steps: list[tuple[int, str, str, str]],
) -> None:
    limits = MailLimits(of_a_number=of_a_number, of_an_address=of_an_address, of_a_client=of_a_client)
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('limits') / 'store.db'}")
    upgrade(database, MAIL)
    clock = FakeClock()
    outbox = Outbox(KeyRing([Key(bytes(32))]), limits=limits, clock=clock)
    added: dict[str, list[datetime]] = {}
    try:
        for seconds, number, person, client in steps:
            clock.advance(seconds=seconds)
            letter = letter_for(clock.now, number=number, to=f"{person}@example.jp", client=client)
            subjects = {number: of_a_number, person: of_an_address, client: of_a_client}
            possible_at = max(
                plainly_possible_at(added.get(subject, []), rates, clock.now) for subject, rates in subjects.items()
            )
            answer = try_to_add(database, outbox, letter)
            if possible_at == clock.now:
                assert isinstance(answer, str)
                for subject in subjects:
                    added.setdefault(subject, []).append(clock.now)
            else:
                assert isinstance(answer, LimitReached)
                assert answer.possible_at == possible_at
    finally:
        database.close()


@pytest.mark.parametrize("wrong", [(0, MINUTE), (1, timedelta(0)), (-1, -MINUTE)])
def test_a_rate_of_nothing_is_refused(wrong: tuple[int, timedelta]) -> None:
    with pytest.raises(ValueError, match="one letter or more"):
        Rate(*wrong)
