"""The way to the database: engine, transactions, and what its failures become.

SQLite's own driver begins transactions late and never for reads, so the engine begins them itself: BEGIN
IMMEDIATE for a write, which queues for the lock at once instead of failing when a read turns into a
write.
"""

import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, Table, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from credentials.errors import InvalidDatabaseUrl, StoreUnavailable
from credentials.sqlite_file import WRITE, SqliteFile, prepare

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 20
NETWORK_TIMEOUT_S = 10
POOLED_CONNECTIONS, CONNECTIONS = 5, 20
_AFTER_COMMIT = "karipass_after_commit"

P = ParamSpec("P")
R = TypeVar("R")


class Database:
    """An engine with its two kinds of transaction. Threads may share it.

    Args:
        url: as for `CredentialStore.open`.
        make: whether to make an SQLite file that is not there, and to put one that is there into WAL mode.

    Raises:
        InvalidDatabaseUrl: the URL names no database that can be used.
        StoreUnavailable: the file cannot be made, or is not there.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        parsed = _parse_url(url)
        self._url = parsed
        try:
            self._engine = create_engine(
                parsed,
                hide_parameters=True,  # statements carry hashes
                pool_pre_ping=True,  # a database that was away is found again without a restart
                pool_timeout=BUSY_TIMEOUT_S,
                pool_size=POOLED_CONNECTIONS,
                max_overflow=CONNECTIONS - POOLED_CONNECTIONS,
                connect_args=_connect_args(parsed),
            )
        except ModuleNotFoundError as error:
            raise InvalidDatabaseUrl(f"{self} needs the Python package {error.name}: install it") from None
        self._closed = False
        event.listen(self._engine, "checkin", self._came_back)
        self._file: SqliteFile | None = None
        if self._engine.dialect.name == "sqlite":
            self._file = SqliteFile.open(Path(str(parsed.database)), make=make)
            prepare(self._engine, self._file)

    def __str__(self) -> str:
        """Where it is, without what may hold a password: user, password, and the query of the URL."""
        url = self._url
        return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Enter a transaction that sees one state of the database and changes nothing."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Enter a transaction that is committed at the end, or wholly undone by an exception.

        Raises:
            StoreUnavailable: what was committed is in no file any more.
        """
        with self._engine.connect() as connection:
            connection.execution_options(**{WRITE: True})
            waiting = connection.info[_AFTER_COMMIT] = []
            with connection.begin():
                yield connection
            if self._file is not None:
                self._file.require_written()
        for action in waiting:
            action()

    def close(self) -> None:
        """Close all connections; one that a thread still uses is closed when that has done with it."""
        self._closed = True
        self._engine.dispose()

    def _came_back(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if self._closed:
            record.invalidate()  # the pool that it came from is gone, and would leave it open


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Have something done when a transaction of `Database.writing` is committed; if it is undone, it is not done."""
    connection.info[_AFTER_COMMIT].append(action)


def hold_table(connection: Connection, table: Table) -> None:
    """Keep other writers off a table until the transaction ends, as a write on SQLite does anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN EXCLUSIVE MODE')


def database_border(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the database's errors into `StoreUnavailable`.

    The new error is raised outside the handler, so that the old one is not chained to it: SQLAlchemy's holds
    the statement's parameters, PostgreSQL's quotes whole rows, and both have hashes in them.
    """

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except SQLAlchemyError as error:
            failure = StoreUnavailable(_describe(error))
        raise failure

    return guarded


def _describe(error: SQLAlchemyError) -> str:
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database cannot be used now: {error.orig}"
    if isinstance(error, DBAPIError):
        if type(error.orig) is sqlite3.DatabaseError:  # the file itself, not what was asked of it
            return f"the database cannot be used: {error.orig}: is it a database, and whole?"
        log = "" if isinstance(error.orig, sqlite3.Error) else "; its own log tells more"
        return f"the database refused a statement ({type(error.orig).__name__}){log}"
    return f"the database cannot be used now ({type(error).__name__})"


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:  # outside the handler: its error quotes the URL with its password
        raise InvalidDatabaseUrl("the database URL cannot be read; write sqlite:///FILE or postgresql+psycopg://...")
    if "@" in (parsed.host or ""):  # the rest of a password
        raise InvalidDatabaseUrl("the database URL has an @ too many: write one in a user or password as %40")
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise InvalidDatabaseUrl(f"{backend} is not supported: take sqlite or postgresql")
    if backend == "sqlite" and (parsed.database or ":memory:").startswith((":memory:", "file:")):
        raise InvalidDatabaseUrl("the store is shared between processes: name a plain file, as in sqlite:///store.db")
    return parsed


def _connect_args(url: URL) -> dict[str, object]:
    """Return the limits that keep a caller from being left hanging; what the URL's query says goes first."""
    if url.get_backend_name() == "sqlite":
        wanted: dict[str, object] = {"timeout": BUSY_TIMEOUT_S}
    else:
        wanted = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "karipass",
            # A host that went away without a word is found out, whether we were writing to it or waiting for it.
            "tcp_user_timeout": NETWORK_TIMEOUT_S * 1000,
            "keepalives_idle": NETWORK_TIMEOUT_S // 2,
            "keepalives_interval": 1,
            "keepalives_count": NETWORK_TIMEOUT_S // 2,
            "options": (
                f"-c lock_timeout={BUSY_TIMEOUT_S:.0f}s -c statement_timeout={STATEMENT_TIMEOUT_S}s"
                f" -c idle_in_transaction_session_timeout={STATEMENT_TIMEOUT_S}s"
            ),
        }
    return {name: value for name, value in wanted.items() if name not in url.query}
