"""Who writes to one file takes turns, in the order in which they came."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.turns import Turns, turns_of


def test_writers_get_their_turns_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), []

    def write(number: int) -> None:
        with turns.turn(60):
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    with turns.turn(60):
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_one_who_waited_too_long_goes_on_without_a_turn_and_takes_none_from_others() -> None:
    turns = Turns()
    with turns.turn(60):
        with turns.turn(0.01):
            assert turns._taken
        assert turns._taken
        assert not turns._waiting
    with turns.turn(0):
        assert turns._taken
    assert not turns._taken


def test_a_block_that_fails_passes_the_turn_on() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn(60):
        _ = 1 / 0
    assert not turns._taken


def test_a_file_has_one_queue_by_whatever_path_it_is_named(tmp_path: Path) -> None:
    assert turns_of(tmp_path / "store.db") is turns_of(tmp_path / "store.db")
    assert turns_of(tmp_path / "store.db") is not turns_of(tmp_path / "another.db")


def test_writers_of_a_database_wait_in_the_queue_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    databases = [Database(f"sqlite:///{path}") for _ in range(3)]
    with databases[0].writing() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))

    def write(number: int) -> None:
        with databases[number % 3].writing() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})

    with ThreadPoolExecutor(8) as writers:
        with databases[0].writing():
            written = [writers.submit(write, number) for number in range(8)]
            while len(turns_of(path)._waiting) < 8:
                assert not any(one.done() for one in written)
        for one in written:
            one.result()
    with databases[0].reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM numbers")) == 8
    for database in databases:
        database.close()
