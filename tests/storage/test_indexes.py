"""Indexes of large tables are made while programs write to them, and whatever a killed upgrade left is made good."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect, text

from storage.database import Database
from storage.migrate import History, upgrade
from tests import needs
from tests.storage import pgbouncer
from tests.storage.postgresql import Server

_ENV = """
from sqlalchemy import MetaData

from storage.migrate import run_steps

run_steps(MetaData())
"""
_FIRST = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("things", sa.Column("name", sa.String), sa.Column("at", sa.Integer))
    op.create_index("ix_things_name", "things", ["name"])
"""
_SECOND = """
from storage.indexes import IndexChanges, NewIndex

revision = "0002"
down_revision = "0001"
oldest_program = "0001"
CHANGES = IndexChanges(
    new=[NewIndex(name="ix_things_name_at", table="things", columns=("name", "at"), where="at > 0")],
    gone=[NewIndex(name="ix_things_name", table="things", columns=("name",))],
)


def upgrade() -> None:
    CHANGES.apply()
"""


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    versions = tmp_path / "indexed" / "steps" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "indexed" / "__init__.py").touch()
    (versions.parent / "env.py").write_text(_ENV)
    (versions.parent / "script.py.mako").touch()
    (versions / "0001_things.py").write_text(_FIRST)
    (versions / "0002_indexes.py").write_text(_SECOND)
    monkeypatch.syspath_prepend(tmp_path)
    return History("indexed:steps", "things_version")


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


@pytest.fixture
def on_server(postgresql: Server) -> Iterator[str]:
    name = postgresql.create()
    yield name
    postgresql.drop(name)


def indexes(database: Database) -> set[str | None]:
    with database.reading() as connection:
        return {index["name"] for index in inspect(connection).get_indexes("things")}


def where(server: Server, name: str) -> str:
    return f"host={server.directory} user=karipass dbname={name}"


def test_a_step_makes_and_drops_its_indexes_in_an_empty_database_and_in_one_that_is_in_use(
    database: Database, history: History
) -> None:
    upgrade(database, history, "0001")
    assert indexes(database) == {"ix_things_name"}
    upgrade(database, history)
    assert indexes(database) == {"ix_things_name_at"}


def test_it_does_so_when_all_steps_are_new(database: Database, history: History) -> None:
    upgrade(database, history)
    assert indexes(database) == {"ix_things_name_at"}


@pytest.mark.slow
def test_writers_go_on_while_an_index_is_made(postgresql: Server, on_server: str, history: History) -> None:
    database = Database(postgresql.url(on_server))
    upgrade(database, history, "0001")
    with psycopg.connect(where(postgresql, on_server)) as earlier, ThreadPoolExecutor(1) as threads:
        earlier.execute("INSERT INTO things VALUES ('earlier', 1)")  # the index has to wait for its end
        upgrading = threads.submit(upgrade, database, history)
        with psycopg.connect(where(postgresql, on_server), autocommit=True) as writer:
            writer.execute("SET lock_timeout = '2s'")
            while not writer.execute("SELECT FROM pg_stat_progress_create_index").fetchall():
                assert not upgrading.done()
            for turn in range(100):
                writer.execute("INSERT INTO things VALUES ('meanwhile', %s)", [turn])
        assert not upgrading.done()
        earlier.commit()
        upgrading.result(timeout=20)
    assert indexes(database) == {"ix_things_name_at"}
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM things WHERE at > 0")) == 100
    database.close()


@pytest.mark.slow
def test_what_a_killed_upgrade_left_is_made_again(postgresql: Server, on_server: str, history: History) -> None:
    database = Database(postgresql.url(on_server))
    upgrade(database, history, "0001")
    with psycopg.connect(where(postgresql, on_server), autocommit=True) as connection:
        connection.execute("CREATE INDEX ix_things_name_at ON things (name)")  # another one, to tell them apart
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_things_name_at'::regclass")
    upgrade(database, history)
    with database.reading() as connection:
        [index] = inspect(connection).get_indexes("things")
    assert index["column_names"] == ["name", "at"]
    database.close()


@pytest.mark.slow
def test_hosts_that_start_at_once_make_it_once(postgresql: Server, on_server: str, history: History) -> None:
    hosts = [Database(postgresql.url(on_server)) for _ in range(4)]
    upgrade(hosts[0], history, "0001")
    together = threading.Barrier(len(hosts))

    def start(host: Database) -> None:
        together.wait()
        upgrade(host, history)

    with ThreadPoolExecutor(len(hosts)) as threads:
        list(threads.map(start, hosts))
    assert indexes(hosts[0]) == {"ix_things_name_at"}
    for host in hosts:
        host.close()


@pytest.mark.slow
def test_it_is_made_behind_pgbouncer(postgresql: Server, on_server: str, history: History) -> None:
    with pgbouncer.pooling(needs.pgbouncer(), postgresql, "transaction", size=3) as socket:
        database = Database(pgbouncer.url(socket, on_server))
        upgrade(database, history, "0001")
        upgrade(database, history)
        assert indexes(database) == {"ix_things_name_at"}
        database.close()
