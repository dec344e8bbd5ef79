"""An SQLite file that is taken away for a moment, as when somebody moves it and brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage.database import Database
from storage.errors import StoreUnavailable


def write(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS things (name TEXT)")
    connection.exec_driver_sql("INSERT INTO things VALUES ('kept')")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a folder with ? and #" / "store.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    file.parent.mkdir()
    with closing(Database(f"sqlite:///{str(file).replace('?', '%3F').replace('#', '%23')}")) as opened:
        with opened.writing() as connection:
            write(connection)
        yield opened


def test_who_connects_meanwhile_makes_no_file_and_what_is_in_the_log_is_kept(database: Database, file: Path) -> None:
    log = file.with_name("store.db-wal")
    assert log.stat().st_size > 0
    with database.reading():  # the pool's one connection is in use: the next one is new
        away = file.rename(file.with_name("taken away"))
        with pytest.raises(StoreUnavailable, match=r"store\.db has gone"), database._engine.connect():
            pytest.fail("it connected")
        assert not file.exists()
        away.rename(file)
    assert log.stat().st_size > 0
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT name FROM things").scalars().all() == ["kept"]
