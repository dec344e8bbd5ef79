"""What an error of the database becomes for people: the cause in plain words, and what to do about it."""

import sqlite3
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

_FULL: Final = "disk full: make room where it is stored"
_READ_ONLY_FILE: Final = (
    "read-only: let the service's user write to its file and folder, and mount its disk for writing"
)
_READ_ONLY_SERVER: Final = (
    "read-only: name the primary server in the database URL, no replica, and have default_transaction_read_only off"
)
_HELD: Final = "locked: another program has held it for too long: end that program or its transaction"

_PRIMARY: Final = 0xFF
"""The part of an SQLite code that names the kind of error."""
_OF_SQLITE: Final = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: _FULL,
        sqlite3.SQLITE_READONLY: _READ_ONLY_FILE,
        sqlite3.SQLITE_BUSY: _HELD,
        sqlite3.SQLITE_LOCKED: _HELD,
    }
)
_OF_POSTGRESQL: Final = MappingProxyType(
    {
        "53100": _FULL,
        "25006": _READ_ONLY_SERVER,
        "55P03": _HELD,
    }
)
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""


def describe(error: SQLAlchemyError) -> str:
    """Return what is wrong, without a value of a statement."""
    if isinstance(error, DBAPIError) and (cause := _why_not_written(error)):
        return f"the database cannot be written: {cause} ({' '.join(str(error.orig).split())})"
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database cannot be used now: {error.orig}"
    if isinstance(error, DBAPIError):
        if type(error.orig) is sqlite3.DatabaseError:  # the file itself, not what was asked of it
            return f"the database cannot be used: {error.orig}: is it a database, and whole?"
        log = "" if isinstance(error.orig, sqlite3.Error) else "; its own log tells more"
        return f"the database refused a statement ({type(error.orig).__name__}){log}"
    return f"the database cannot be used now ({type(error).__name__})"


def _why_not_written(error: DBAPIError) -> str | None:
    """Return why a database serves reads alone, if that is what an error says."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _OF_SQLITE.get(code & _PRIMARY)
    return _OF_POSTGRESQL.get(str(getattr(error.orig, "sqlstate", None)))
