"""The database that the records are in: the store's, with tables of its own."""

from __future__ import annotations

from credentials.database import Database, database_border
from credentials.migrate import upgrade
from ivr.schema import IVR_HISTORY


@database_border
def open_records(url: str) -> Database:
    """Open the store's database for records, making or upgrading their schema where needed.

    Args:
        url: as for `CredentialStore.open`.

    Raises:
        InvalidDatabaseUrl: the URL names no database that can be used.
        SchemaMismatch: the database is of a newer version of this program.
        StoreUnavailable: the database cannot be reached or is damaged.
    """
    database = Database(url)
    try:
        upgrade(database, history=IVR_HISTORY)
    except BaseException:
        database.close()
        raise
    return database
