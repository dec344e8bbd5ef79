"""Brings a database to a version of the schema."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from credentials.database import Database
from credentials.errors import SchemaMismatch

_ADVISORY_LOCK = 0x6B617269  # any number that is ours alone; "kari"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to a revision, all steps or none. Processes that do so at once queue up.

    Raises:
        SchemaMismatch: the database was made by a newer version of this program.
    """
    script = ScriptDirectory.from_config(_config())
    wanted = script.as_revision_number(revision)
    with database.reading() as connection:
        present = _revision(connection)
    if present == wanted:
        return
    if present is not None and present not in {step.revision for step in script.walk_revisions()}:
        raise SchemaMismatch(
            f"{database} has schema version {present}, unknown to this program: install the newer program"
        )
    with database.writing() as connection:
        _queue(connection)
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a revision ("base" removes it all); data of the steps taken back is lost."""
    with database.writing() as connection:
        _queue(connection)
        command.downgrade(_config(connection), revision)


def current_revision(database: Database) -> str | None:
    """Return the schema's revision, or None for an empty database."""
    with database.reading() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _queue(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's write transaction is a queue already
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "credentials:migrations")
    config.attributes["connection"] = connection
    return config
