"""Turns the database's errors into texts for people: the cause in plain words, and what to do about it."""

import sqlite3
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

_FULL: Final = "disk full: make room where it is stored"
_READ_ONLY_FILE: Final = (
    "read-only: let the service's user write to its file and folder, and mount its disk for writing"
)
_READ_ONLY_SERVER: Final = (
    "read-only: name the primary server in the database URL, not a replica, and set"
    " default_transaction_read_only to off"
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
"""Causes by SQLSTATE (PostgreSQL's manual, appendix A)."""


def describe(error: SQLAlchemyError) -> str:
    """Return what is wrong, without any value of a statement."""
    if isinstance(error, DBAPIError) and (cause := _why_not_written(error)):
        return f"the database cannot be written: {cause} ({' '.join(str(error.orig).split())})"
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database cannot be used now: {error.orig}"
    if isinstance(error, DBAPIError):
        if type(error.orig) is sqlite3.DatabaseError:  # the file itself is at fault, not the statement
            return f"the database cannot be used: {error.orig}: is it a database, and whole?"
        log = "" if isinstance(error.orig, sqlite3.Error) else "; its own log says more"
        return f"the database refused a statement ({type(error.orig).__name__}){log}"
    return f"the database cannot be used now ({type(error).__name__})"


def _why_not_written(error: DBAPIError) -> str | None:
    """Return why the database takes no writes, if that is what an error says; else None."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _OF_SQLITE.get(code & _PRIMARY)
    return _OF_POSTGRESQL.get(str(getattr(error.orig, "sqlstate", None)))
