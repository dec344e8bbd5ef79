"""Migrates a database to a version of a schema. The schemas of several rooms may share one database."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database
from storage.errors import SchemaMismatch

_ADVISORY_LOCK = 0x6B617269  # any number that is ours alone; "kari"


@dataclass(frozen=True)
class History:
    """The versions of a schema.

    Attributes:
        scripts: where the steps are, as `package:folder`.
        version_table: the table that holds a database's version.
    """

    scripts: str
    version_table: str


def upgrade(database: Database, history: History, revision: str = "head") -> None:
    """Bring the schema up to a revision: all steps or none. Processes that do so at the same time queue up.

    Raises:
        SchemaMismatch: a newer version of this program made the database.
    """
    script = ScriptDirectory.from_config(_config(history))
    wanted = script.as_revision_number(revision)
    with database.reading() as connection:
        present = _revision(connection, history)
    if present == wanted:
        return
    if present is not None and present not in {step.revision for step in script.walk_revisions()}:
        raise SchemaMismatch(
            f"{database} has schema version {present}, unknown to this program: install the newer program"
        )
    with database.writing() as connection:
        _queue(connection)
        command.upgrade(_config(history, connection), revision)


def downgrade(database: Database, history: History, revision: str) -> None:
    """Take the schema back to a revision ("base" removes all of it). Data of the removed steps is lost."""
    with database.writing() as connection:
        _queue(connection)
        command.downgrade(_config(history, connection), revision)


def current_revision(database: Database, history: History) -> str | None:
    """Return the schema's revision, or None for an empty database."""
    with database.reading() as connection:
        return _revision(connection, history)


def newest_revision(history: History) -> str | None:
    """Return the revision that this program works with."""
    return ScriptDirectory.from_config(_config(history)).get_current_head()


def _revision(connection: Connection, history: History) -> str | None:
    options = {"version_table": history.version_table}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _queue(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's write transaction is a queue already
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _config(history: History, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", history.scripts)
    config.attributes["connection"] = connection
    config.attributes["version_table"] = history.version_table
    return config
