"""Opens the database that the outbox is in."""

from mail.outbox.schema import MAIL
from storage.database import Database, database_border
from storage.migrate import upgrade


@database_border
def open_outbox_database(url: str) -> Database:
    """Open the store's database, and make or upgrade the outbox's tables in it if needed.

    Args:
        url: as for `CredentialStore.open`.

    Raises:
        StorageError: the database cannot be used.
    """
    database = Database(url)
    try:
        upgrade(database, MAIL)
    except BaseException:
        database.close()
        raise
    return database
