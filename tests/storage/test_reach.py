"""Hosts of a carrier are upgraded one after the other: which programs may work with which schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from storage.database import Database
from storage.errors import SchemaMismatch
from storage.migrate import History, current_revision, upgrade
from storage.programs.registry import Program, Registry
from storage.programs.schema import programs

_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}
{oldest}

def upgrade() -> None:
    {change}


def downgrade() -> None:
    pass
"""
_ENV = """
from sqlalchemy import MetaData

from storage.migrate import run_steps

run_steps(MetaData())
"""
STEPS = (
    ("0001", "", 'op.create_table("things", sa.Column("name", sa.String), sa.Column("old", sa.String))'),
    ("0002", 'oldest_program = "0001"', 'op.add_column("things", sa.Column("new", sa.String))'),
    ("0003", 'oldest_program = "0002"', 'op.drop_column("things", "old")'),
)


def history_to(newest: int, directory: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """Make the history of a program of some release: the first knows the first step, and so on."""
    package = f"release_{newest}"
    versions = directory / package / "steps" / "versions"
    versions.mkdir(parents=True)
    (directory / package / "__init__.py").touch()
    (versions.parent / "env.py").write_text(_ENV)
    (versions.parent / "script.py.mako").touch()
    for position, (revision, oldest, change) in enumerate(STEPS[:newest]):
        before = repr(STEPS[position - 1][0]) if position else "None"
        step = _STEP.format(revision=revision, before=before, oldest=oldest, change=change)
        (versions / f"{revision}_step.py").write_text(step)
    monkeypatch.syspath_prepend(directory)
    return History(f"{package}:steps", "things_version")


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[History]:
    return [history_to(newest, tmp_path, monkeypatch) for newest in (1, 2, 3)]


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


def columns(database: Database) -> set[str]:
    with database.reading() as connection:
        return {column["name"] for column in inspect(connection).get_columns("things")}


def running(database: Database, *, knows: str) -> Registry:
    registry = Registry(
        database, Program(kind="portal", version="1", schemas={"things_version": knows}, keys=(), host="host-a")
    )
    registry.beat()
    return registry


def test_an_older_program_works_with_a_schema_that_was_only_added_to(
    database: Database, releases: list[History]
) -> None:
    first, second, _third = releases
    upgrade(database, second)
    upgrade(database, first)
    assert current_revision(database, first) == "0002"
    assert columns(database) == {"name", "old", "new"}


def test_a_program_that_is_older_than_what_was_taken_away_is_refused(
    database: Database, releases: list[History]
) -> None:
    first, second, third = releases
    upgrade(database, third)
    upgrade(database, second)
    with pytest.raises(SchemaMismatch, match=r"0003.*install the newer program"):
        upgrade(database, first)


def test_nothing_is_taken_away_while_a_program_runs_that_needs_it(database: Database, releases: list[History]) -> None:
    first, second, third = releases
    upgrade(database, first)
    old = running(database, knows="0001")
    upgrade(database, second)
    with pytest.raises(SchemaMismatch, match="portal on host-a: still of an older version"):
        upgrade(database, third)
    assert columns(database) == {"name", "old", "new"}
    old.leave()
    upgrade(database, third)
    assert columns(database) == {"name", "new"}


def test_a_program_that_knows_the_new_columns_does_not_hold_the_old_ones(
    database: Database, releases: list[History]
) -> None:
    _first, second, third = releases
    upgrade(database, second)
    running(database, knows="0002")
    upgrade(database, third)
    assert columns(database) == {"name", "new"}


def test_a_program_that_was_killed_holds_the_schema_for_a_minute(database: Database, releases: list[History]) -> None:
    first, _second, third = releases
    upgrade(database, first)
    running(database, knows="0001")
    with database.writing() as connection:
        beat_at = connection.execute(programs.select()).one().beat_at
        connection.execute(programs.update().values(beat_at=beat_at - timedelta(seconds=61)))
    upgrade(database, third)
    assert columns(database) == {"name", "new"}


def test_a_schema_of_which_nobody_said_who_can_work_with_it_is_for_its_own_program(
    database: Database, releases: list[History]
) -> None:
    first, second, _third = releases
    upgrade(database, second)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM schema_reach"))
    with pytest.raises(SchemaMismatch, match="0002"):
        upgrade(database, first)
