"""Compares what a history makes with what the code says."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from storage.database import Database
from storage.migrate import History


def differences(database: Database, history: History, metadata: MetaData) -> list[object]:
    """Return how the tables of a schema differ from those of the code; other rooms' tables are left out."""
    options = {
        "compare_type": True,
        "version_table": history.version_table,
        "include_name": lambda name, kind, _parents: kind != "table" or name in metadata.tables,
    }
    with database.reading() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
