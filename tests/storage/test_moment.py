"""What a thread reads at one moment is one transaction, until it writes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from storage.database import Database, read_once


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    yield database
    database.close()


def add(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (1)"))


def count(database: Database) -> int:
    with database.reading() as connection:
        return counted(connection)


def counted(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM numbers")).scalar_one())


def in_another_thread(database: Database) -> None:
    with ThreadPoolExecutor(1) as other:
        other.submit(add, database).result()


def test_what_others_write_meanwhile_is_not_seen_before_the_end(database: Database) -> None:
    with database.at_one_moment():
        assert count(database) == 0
        in_another_thread(database)
        assert count(database) == 0
    assert count(database) == 1


def test_it_starts_with_the_first_reading(database: Database) -> None:
    with database.at_one_moment():
        in_another_thread(database)
        assert count(database) == 1


def test_what_the_thread_writes_itself_is_seen_at_once(database: Database) -> None:
    with database.at_one_moment():
        assert count(database) == 0
        add(database)
        assert count(database) == 1
        in_another_thread(database)
        assert count(database) == 1


def test_what_began_inside_a_write_ends_with_its_commit(database: Database) -> None:
    with database.at_one_moment():
        with database.writing() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
            assert count(database) == 0
        assert count(database) == 1


def test_a_write_inside_one_of_its_readings_is_refused_and_the_reading_goes_on(database: Database) -> None:
    with database.at_one_moment():
        with database.reading() as connection:
            with database.reading():
                pass
            with pytest.raises(RuntimeError, match="leave the block of `reading` before you write"):
                add(database)
            with pytest.raises(RuntimeError, match="leave the block of `reading`"):
                database.end_moment()
            assert counted(connection) == 0
        add(database)
        assert count(database) == 1
    with database.reading():  # one that is no part of a moment has a connection of its own
        add(database)
    assert count(database) == 2


def test_it_may_end_before_its_time_and_then_another_moment_starts(database: Database) -> None:
    with database.at_one_moment():
        assert count(database) == 0
        in_another_thread(database)
        database.end_moment()
        assert count(database) == 1
    database.end_moment()  # without a moment there is nothing to end


def test_a_reading_that_fails_ends_it_and_the_next_one_is_served(database: Database) -> None:
    with database.at_one_moment():
        assert count(database) == 0
        with pytest.raises(SQLAlchemyError), database.reading() as connection:
            connection.execute(text("SELECT * FROM nothing"))
        assert count(database) == 0


def test_a_reading_that_fails_inside_another_does_not_forbid_the_next_write(database: Database) -> None:
    with database.at_one_moment():
        with pytest.raises(SQLAlchemyError), database.reading(), database.reading() as connection:
            connection.execute(text("SELECT * FROM nothing"))
        add(database)
        assert count(database) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_an_end_that_fails_costs_the_connection_and_nothing_else(database: Database, *, fails: bool) -> None:
    ended = []

    def end(_connection: Connection) -> None:
        ended.append(1)
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    read = []
    event.listen(database._engine, "rollback" if fails else "commit", end, once=True)
    with suppress(KeyError), database.at_one_moment(), database.reading() as connection:
        read.append(connection.connection.dbapi_connection)
        assert counted(connection) == 0
        if fails:
            raise KeyError
    assert ended
    with database.reading() as connection:
        assert connection.connection.dbapi_connection is not read[0]
        assert counted(connection) == 0
    assert database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_moment_within_a_moment_is_one_of_its_own(database: Database) -> None:
    with database.at_one_moment():
        assert count(database) == 0
        in_another_thread(database)
        with database.at_one_moment():
            assert count(database) == 1
        assert count(database) == 0


def test_another_thread_has_no_part_in_it(database: Database) -> None:
    with database.at_one_moment(), ThreadPoolExecutor(1) as other:
        assert count(database) == 0
        other.submit(add, database).result()
        assert other.submit(count, database).result() == 1
        assert count(database) == 0


def test_a_question_is_asked_once_in_a_transaction_that_reads(database: Database) -> None:
    with database.at_one_moment():
        for _ in range(2):
            with database.reading() as connection:
                assert read_once(connection, "how many", lambda: counted(connection)) == 0
                assert read_once(connection, "nothing", lambda: None) is None
                assert read_once(connection, "another", lambda: 1) == 1
                assert read_once(connection, "how many", lambda: pytest.fail("asked again")) == 0
    add(database)
    with database.reading() as connection:
        assert read_once(connection, "how many", lambda: counted(connection)) == 1


def test_a_question_is_asked_each_time_in_a_transaction_that_writes(database: Database) -> None:
    with database.writing() as connection:
        for expected in range(3):
            assert read_once(connection, "how many", lambda: counted(connection)) == expected
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
