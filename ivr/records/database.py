"""Opens the database that the records are in: the store's, with tables of its own."""

from __future__ import annotations

from ivr.records.schema import IVR_HISTORY
from storage.database import Database, database_border
from storage.errors import SchemaMismatch, StoreUnavailable
from storage.migrate import current_revision, newest_revision, upgrade
from storage.reach import oldest_program


@database_border
def open_records(url: str) -> Database:
    """Open the store's database for records, making or upgrading their schema if needed.

    Args:
        url: as for `CredentialStore.open`.

    Raises:
        InvalidDatabaseUrl: the URL names no database that can be used.
        SchemaMismatch: the database is of a newer version of this program.
        StoreUnavailable: the database cannot be reached or is damaged.
    """
    database = Database(url)
    try:
        upgrade(database, IVR_HISTORY)
    except BaseException:
        database.close()
        raise
    return database


def open_existing_records(url: str) -> Database:
    """Open the store's database only to read records: nothing is made, and no schema is changed.

    Args:
        url: as for `CredentialStore.open`.

    Raises:
        InvalidDatabaseUrl: the URL names no database that can be used.
        SchemaMismatch: the database has no records yet, or those of another version of this program.
        StoreUnavailable: the database does not exist, cannot be reached or is damaged.
    """
    try:
        return _open_existing(url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error}; or see to KARIPASS_STATE_DIR and KARIPASS_DATABASE_URL") from None


@database_border
def _open_existing(url: str) -> Database:
    database = Database(url, make=False)
    try:
        _require_newest_schema(database)
    except BaseException:
        database.close()
        raise
    return database


def _require_newest_schema(database: Database) -> None:
    present, newest = current_revision(database, IVR_HISTORY), newest_revision(IVR_HISTORY)
    if present == newest:
        return
    if present is None:
        raise SchemaMismatch(
            f"{database} has no call records yet: start the service once, which makes their tables, "
            "or see to KARIPASS_STATE_DIR and KARIPASS_DATABASE_URL"
        )
    if present > newest and _was_only_added_to(database, newest):
        return
    if present > newest:  # serial numbers
        raise SchemaMismatch(
            f"{database} has call records of version {present}, newer than this program's {newest}: "
            "install the newer program"
        )
    raise SchemaMismatch(
        f"{database} has call records of version {present}, older than this program's {newest}: "
        "start the service once, which upgrades them"
    )


def _was_only_added_to(database: Database, newest: str) -> bool:
    """Whether a newer program made the schema, and says that this one can work with it."""
    with database.reading() as connection:
        oldest = oldest_program(connection, IVR_HISTORY.version_table)
    return oldest is not None and oldest <= newest
