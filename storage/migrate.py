"""Migrates a database to a version of a schema. The schemas of several rooms may share one database.

Alembic is loaded only where there is something to migrate: it would take a tenth of the time that a command needs to
start, and nearly every database has the newest version.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, column, inspect, select, table

from storage.database import Database
from storage.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

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

    Raises:
        SchemaMismatch: a newer version of this program made the database.
    """
    with database.reading() as connection:
        present = _revision(connection, history)
    if present == (newest_revision(history) if revision == "head" else revision):
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config(history))
    if present is not None and present not in {step.revision for step in script.walk_revisions()}:
        raise SchemaMismatch(
            f"{database} has schema version {present}, unknown to this program: install the newer program"
        )
    with database.writing() as connection:
        _queue(connection)
        command.upgrade(_config(history, connection), revision)


def downgrade(database: Database, history: History, revision: str) -> None:
    """Take the schema back to a revision ("base" removes all of it). Data of the removed steps is lost."""
    from alembic import command

    with database.writing() as connection:
        _queue(connection)
        command.downgrade(_config(history, connection), revision)


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
