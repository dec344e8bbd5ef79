"""Migrates a database to a version of a schema. The schemas of several rooms may share one database.

Alembic is loaded only where there is something to migrate: it would take a tenth of the time that a command needs to
start, and nearly every database has the newest version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, column, inspect, select, table

from storage.database import Database
from storage.errors import SchemaMismatch
from storage.indexes import IndexChanges, change_ahead
from storage.reach import ALIVE_S, left_behind, note_oldest_program, oldest_program

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_ADVISORY_LOCK = 0x6B617269  # any number that is ours alone; "kari"


@dataclass(frozen=True)
class History:
    """The versions of a schema.

    Attributes:
        scripts: where the steps are, as `package:folder`. The names of their files start with their revisions, which
            count up.
        version_table: the table that holds a database's version.
    """

    scripts: str
    version_table: str


def upgrade(database: Database, history: History, revision: str = "head") -> None:
    """Bring the schema up to a revision: all steps or none. Processes that do so at the same time queue up.

    A schema that a newer program has made is left as it is, if that program says that this one can work with it.

    Raises:
        SchemaMismatch: a newer program made the schema, and this one cannot work with it; or programs still run that
            could not work with it once it is brought up.
    """
    with database.reading() as connection:
        present = _revision(connection, history)
        oldest = oldest_program(connection, history.version_table)
    newest = newest_revision(history)
    if present == (newest if revision == "head" else revision):
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config(history))
    if present is not None and present not in {step.revision for step in script.walk_revisions()}:
        if oldest is not None and oldest <= newest:
            return
        raise SchemaMismatch(
            f"{database} has schema version {present}, unknown to this program: install the newer program"
        )
    wanted = newest if revision == "head" else revision
    oldest = _oldest_after(script, wanted)
    if present is not None:
        _change_indexes_ahead(database, script, present, wanted)
    with database.writing() as connection:
        _queue(connection)
        _refuse_to_leave_behind(database, connection, history, oldest)
        command.upgrade(_config(history, connection), revision)
        note_oldest_program(connection, history.version_table, oldest)


def _oldest_after(script: ScriptDirectory, revision: str) -> str:
    """Return the newest revision that the oldest program which can work with the schema at a revision knows."""
    steps = (step for step in script.walk_revisions() if step.revision <= revision)
    return max(str(getattr(step.module, "oldest_program", step.revision)) for step in steps)


def _change_indexes_ahead(database: Database, script: ScriptDirectory, present: str, wanted: str) -> None:
    """Do what the steps that are due do about indexes, without keeping writers off the tables."""
    if not database.is_postgresql:
        return
    steps = sorted(script.walk_revisions(), key=lambda step: step.revision)
    due = [step.module for step in steps if present < step.revision <= wanted]
    changes = [step.CHANGES for step in due if isinstance(getattr(step, "CHANGES", None), IndexChanges)]
    if changes:
        with database.statement_by_statement() as connection:
            for each in changes:
                change_ahead(connection, each)


def _refuse_to_leave_behind(database: Database, connection: Connection, history: History, oldest: str) -> None:
    since = database.now() - timedelta(seconds=ALIVE_S)
    if behind := left_behind(connection, history.version_table, oldest, since=since):
        raise SchemaMismatch(
            f"{', '.join(behind)}: still of an older version, which cannot work with the schema of this one: update"
            f" or stop them first (a program that was killed counts for {ALIVE_S:.0f} s)"
        )


def downgrade(database: Database, history: History, revision: str) -> None:
    """Take the schema back to a revision ("base" removes all of it). Data of the removed steps is lost."""
    from alembic import command
    from alembic.script import ScriptDirectory

    oldest = None
    if revision != "base":
        oldest = _oldest_after(ScriptDirectory.from_config(_config(history)), revision)
    with database.writing() as connection:
        _queue(connection)
        command.downgrade(_config(history, connection), revision)
        note_oldest_program(connection, history.version_table, oldest)


def current_revision(database: Database, history: History) -> str | None:
    """Return the schema's revision, or None for an empty database."""
    with database.reading() as connection:
        return _revision(connection, history)


def newest_revision(history: History) -> str:
    """Return the revision that this program works with."""
    package, _, folder = history.scripts.partition(":")
    steps = resources.files(package).joinpath(folder, "versions").iterdir()
    return max(step.name.partition("_")[0] for step in steps if step.name[0].isdigit())


def run_steps(metadata: MetaData) -> None:
    """Run the steps that are asked for, on the connection and in the transaction that were handed to Alembic.

    A history's `env.py` calls it, which Alembic loads.

    Args:
        metadata: the tables of the newest version.
    """
    from alembic import context

    given = context.config.attributes
    context.configure(connection=given["connection"], version_table=given["version_table"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


def _revision(connection: Connection, history: History) -> str | None:
    if not inspect(connection).has_table(history.version_table):
        return None
    version: str | None = connection.scalar(select(column("version_num")).select_from(table(history.version_table)))
    return version


def _queue(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's write transaction is a queue already
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _config(history: History, connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", history.scripts)
    config.attributes["connection"] = connection
    config.attributes["version_table"] = history.version_table
    return config
