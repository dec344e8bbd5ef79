"""The errors that the database's border raises. No stored value is in their text or chained to them."""
# ruff: noqa: N818 - the names say what is wrong; an `Error` at the end of each would add nothing


class StorageError(Exception):
    """Base of all storage errors, including those of the credential store."""


class StoreUnavailable(StorageError):
    """The database cannot serve now: it is away, locked, full, read-only or damaged.

    Nothing was changed (but see `credentials.errors.ImportStopped`).
    """


class InvalidDatabaseUrl(StorageError, ValueError):
    """The database URL does not name a database that the store can use."""


class SchemaMismatch(StorageError):
    """The database's schema has a version that this program does not know."""
