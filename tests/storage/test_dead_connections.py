"""A pooled connection that the server has closed is replaced before anything is lost with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.database import CONNECTIONS, Database
from tests.storage.postgresql import Server

pytestmark = pytest.mark.slow


@pytest.fixture
def name(postgresql: Server) -> Iterator[str]:
    name = postgresql.create()
    yield name
    postgresql.drop(name)


@pytest.fixture
def database(postgresql: Server, name: str) -> Iterator[Database]:
    database = Database(postgresql.url(name))
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    yield database
    database.close()


def end_connections(postgresql: Server, name: str) -> int:
    """End all connections of a database, and return how many there were."""
    ended = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = %s"
    where = f"host={postgresql.directory} user=karipass dbname=postgres"
    with psycopg.connect(where) as connection:
        row = connection.execute(ended, [name]).fetchone()
    assert row is not None
    return int(row[0])


def fill_pool(database: Database) -> None:
    with ExitStack() as readings:
        for _ in range(CONNECTIONS):
            readings.enter_context(database.reading())


@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_a_transaction_begins_on_another_connection(
    database: Database, postgresql: Server, name: str, kind: str
) -> None:
    fill_pool(database)
    assert end_connections(postgresql, name) > 1
    for _ in range(CONNECTIONS):
        with getattr(database, kind)() as connection:
            assert connection.scalar(text("SELECT count(*) FROM numbers")) == 0


def test_many_transactions_at_once_begin_on_others(database: Database, postgresql: Server, name: str) -> None:
    fill_pool(database)
    end_connections(postgresql, name)
    fill_pool(database)


def test_what_was_begun_is_not_done_twice(database: Database, postgresql: Server, name: str) -> None:
    tries = []

    def write() -> None:
        with database.writing() as connection:
            tries.append(connection)
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
            end_connections(postgresql, name)
            connection.execute(text("INSERT INTO numbers VALUES (2)"))

    with pytest.raises(OperationalError):
        write()
    assert len(tries) == 1
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM numbers")) == 0


def test_a_moment_whose_connection_is_ended_fails_once(database: Database, postgresql: Server, name: str) -> None:
    def read() -> None:
        with database.reading() as connection:
            end_connections(postgresql, name)
            connection.execute(text("SELECT 1"))

    with database.at_one_moment():
        with pytest.raises(OperationalError, match="terminat"):
            read()
        with database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM numbers")) == 0


def test_a_reading_whose_end_fails_has_read_all_the_same(database: Database, postgresql: Server, name: str) -> None:
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM numbers")) == 0
        end_connections(postgresql, name)
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM numbers")) == 0


def test_an_error_of_its_own_is_not_hidden_by_a_connection_that_is_gone(
    database: Database, postgresql: Server, name: str
) -> None:
    def read() -> None:
        with database.at_one_moment(), database.reading():
            end_connections(postgresql, name)
            raise KeyError

    with pytest.raises(KeyError):
        read()
    assert database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_write_is_done_although_the_connection_of_the_moment_is_gone(
    database: Database, postgresql: Server, name: str
) -> None:
    with database.at_one_moment():
        with database.reading():
            pass
        end_connections(postgresql, name)
        with database.writing() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
        with database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM numbers")) == 1


def test_a_moment_whose_end_fails_is_over_all_the_same(database: Database, postgresql: Server, name: str) -> None:
    with database.at_one_moment():
        with database.reading():
            pass
        end_connections(postgresql, name)
    for expected in range(3):  # transactions of their own
        with database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM numbers")) == expected
        with database.writing() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
    assert database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
