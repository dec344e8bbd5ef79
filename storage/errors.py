"""What the database's border raises. No error carries what is stored, neither in its text nor chained to it."""
# ruff: noqa: N818 - the names say what is the matter; `Error` behind each would add nothing


class StorageError(Exception):
    """Base of all errors of what is stored, those of the credential store among them."""


class StoreUnavailable(StorageError):
    """The database cannot serve now: away, locked, full, read-only or damaged. Nothing was changed (but see
    `credentials.errors.ImportStopped`).
    """


class InvalidDatabaseUrl(StorageError, ValueError):
    """The database URL names no database that the store can use."""


class SchemaMismatch(StorageError):
    """The database's schema is of a version that this program does not know."""
