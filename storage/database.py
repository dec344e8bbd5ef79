"""Access to the database: engine, transactions, and the errors that its failures become; and the database's clock.

The engine starts transactions itself. SQLite's own driver starts them late, and never for reads. A write starts with
BEGIN IMMEDIATE, which queues for the lock at once; otherwise it could fail when a read turns into a write. PostgreSQL's
driver would send a message for BEGIN alone; ours carries the transaction's limits, too, and shows whether a pooled
connection still works.
"""

import functools
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.database_url import BUSY_TIMEOUT_S, connect_args, parse_url
from storage.errors import InvalidDatabaseUrl, StoreUnavailable
from storage.failures import describe
from storage.moment import Moment
from storage.shared_clock import SharedClock
from storage.sqlite_file import WRITE, SqliteFile, prepare
from storage.turns import turns_of

STATEMENT_TIMEOUT_S = 20
GIVE_WAY_S = 0.12
POOLED_CONNECTIONS, CONNECTIONS = 5, 20
_AFTER_COMMIT = "karipass_after_commit"
_ANSWERS = "karipass_answers"
_NO_TRANSACTION = "karipass_no_transaction"

_AT_ITS_START = "SELECT clock_timestamp()"
"""Asked in the same message as each BEGIN, so that the database's clock costs nothing (`storage.shared_clock`)."""
_BEGIN_WRITE = "BEGIN"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SERVER_LIMITS = (
    f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'",
    f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_S}s'",
    f"SET LOCAL idle_in_transaction_session_timeout = '{STATEMENT_TIMEOUT_S}s'",
)
"""Set in each transaction on PostgreSQL, because PgBouncer may give each one another server connection."""
_PROBE_ON_POSTGRESQL = (
    # A new table takes a page of the disk at once; a row in an existing table may find room in a page that is there.
    "CREATE TEMPORARY TABLE karipass_write_probe (written INTEGER) ON COMMIT DROP",
    "INSERT INTO karipass_write_probe VALUES (1)",
)
_MAY_MAKE_TEMPORARY_TABLES = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"

P = ParamSpec("P")
R = TypeVar("R")


class Database:
    """An engine with its two kinds of transaction. Threads may share it.

    Args:
        url: as for `CredentialStore.open`.
        make: whether to create a missing SQLite file, and to put an existing one into WAL mode.

    Raises:
        InvalidDatabaseUrl: the URL does not name a database that can be used.
        StoreUnavailable: the file cannot be created, or is missing.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        parsed = parse_url(url)
        self._url = parsed
        try:
            self._engine = create_engine(
                parsed,
                hide_parameters=True,  # statements carry hashes
                pool_use_lifo=True,  # the connection that was used last has what it needs at hand, here and there
                pool_timeout=BUSY_TIMEOUT_S,
                pool_size=POOLED_CONNECTIONS,
                max_overflow=CONNECTIONS - POOLED_CONNECTIONS,
                connect_args=connect_args(parsed),
            )
        except ModuleNotFoundError as error:
            raise InvalidDatabaseUrl(f"{self} needs the Python package {error.name}: install it") from None
        except ArgumentError:
            raise InvalidDatabaseUrl(
                "the hosts and ports of the database URL do not fit: write ?host=a:5432&host=b:5432"
            ) from None
        self._patience_s = float(str(parsed.query.get("timeout", BUSY_TIMEOUT_S)))
        self._closed = False
        self._clock = SharedClock()
        self._moments = threading.local()
        event.listen(self._engine, "checkin", self._came_back)
        self._file: SqliteFile | None = None
        if self._engine.dialect.name == "sqlite":
            self._file = SqliteFile.open(Path(str(parsed.database)), make=make)
            prepare(self._engine, self._file)
        else:
            event.listen(self._engine, "connect", _leave_begin_to_us)
            event.listen(self._engine, "begin", self._begin_on_postgresql)
            event.listen(self._engine, "after_cursor_execute", _go_to_last_answer)

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, and not SQLite."""
        return self._file is None

    def __str__(self) -> str:
        """Return where the database is, without the URL's user, password and query, which may hold a password."""
        url = self._url
        return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()

    def now(self) -> datetime:
        """Return the present moment by the database's clock, as the transaction that began last has seen it.

        Without a server, and before the first transaction, it is this host's.
        """
        return self._clock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Enter a transaction that sees one state of the database and changes nothing.

        If only its end fails, what was read is good all the same: the connection is discarded, and nobody is told.
        Within `at_one_moment` it is the one that the thread's first reading there began.
        """
        moment = self._moment
        with self._read() if moment is None else moment.reading() as connection:
            yield connection

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let what this thread reads until the end be one transaction, begun by the first reading.

        It ends before the thread writes, so that what it reads afterwards has what it wrote; and when a reading fails.
        """
        around, moment = self._moment, Moment(self._read)
        self._moments.here = moment
        try:
            yield
        finally:
            self._moments.here = around
            moment.end()

    @property
    def _moment(self) -> Moment | None:
        return getattr(self._moments, "here", None)

    def end_moment(self) -> None:
        """End the transaction of `at_one_moment`, if this thread has begun one; what it reads next begins another.

        Raises:
            RuntimeError: the thread is inside a `reading` of it, whose connection would be closed.
        """
        moment = self._moment
        if moment is None:
            return
        if moment.is_being_read:
            raise RuntimeError("this thread still reads: leave the block of `reading` before you write or end it all")
        moment.end()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._transaction(**{_ANSWERS: {}}) as connection:
            try:
                yield connection
            except BaseException:
                _end_or_discard(connection, connection.rollback)
                raise
            _end_or_discard(connection, connection.commit)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Enter a transaction that is committed at the end, or rolled back by an exception.

        Raises:
            StoreUnavailable: the file that was written to has gone.
            RuntimeError: the thread is inside a `reading` that is part of `at_one_moment`.
        """
        self.end_moment()
        with self._turn():
            with self._transaction(**{WRITE: True}) as connection:
                waiting = connection.info[_AFTER_COMMIT] = []
                yield connection
            self.end_moment()  # one that began before the commit would not have what was written
            if self._file is not None:
                self._file.require_written()
        for action in waiting:
            action()

    @contextmanager
    def statement_by_statement(self) -> Iterator[Connection]:
        """Enter a connection to PostgreSQL on which each statement is a transaction of its own, without our limits.

        It is for what cannot be done inside a transaction, or takes longer than one may (`storage.indexes`).
        """
        self.end_moment()
        with self._engine.connect() as connection:
            connection.execution_options(**{_NO_TRANSACTION: True})
            yield connection

    @contextmanager
    def _transaction(self, **options: object) -> Iterator[Connection]:
        """Enter a transaction on a pooled connection, or on another one if the server has closed that meanwhile.

        Nothing has been done with a connection on which BEGIN fails, and its failure discards all that are as old.
        So a database that was away is found again without a restart, and no message is spent to ask whether it is.
        """
        for is_last in (False, True):
            with self._engine.connect() as connection:
                connection.execution_options(**options)
                try:
                    begun = connection.begin()
                except DBAPIError as error:
                    if is_last or not error.connection_invalidated:
                        raise
                    continue
                with begun:
                    yield connection
                return

    def _turn(self) -> AbstractContextManager[None]:
        """Wait for a turn to write. PostgreSQL has a queue of its own."""
        return nullcontext() if self._file is None else turns_of(self._file.path).turn(self._patience_s)

    def give_way(self) -> None:
        """Let writers of other processes have a turn before the next transaction of a long job.

        SQLite has no queue: a waiting writer checks every 0.1 s whether the lock is free. PostgreSQL has one.
        """
        if self._file is not None:
            time.sleep(GIVE_WAY_S)

    def close(self) -> None:
        """Close all connections; one that a thread still uses is closed when the thread gives it back."""
        self._closed = True
        self._engine.dispose()

    def _begin_on_postgresql(self, connection: Connection) -> None:
        """Begin and set up the transaction in one message; leave out limits if the URL's `options` may set them.

        A write does not declare itself as one: a server that refuses writes (`default_transaction_read_only`) has its
        reasons.
        """
        options = connection.get_execution_options()
        if options.get(_NO_TRANSACTION, False):
            return
        begin = _BEGIN_WRITE if options.get(WRITE, False) else _BEGIN_READ
        limits = () if "options" in self._url.query else _SERVER_LIMITS
        began = connection.exec_driver_sql("; ".join((begin, *limits, _AT_ITS_START)))
        self._clock.set(began.scalar_one())

    def _came_back(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if self._closed:
            record.invalidate()  # its pool is gone, and would leave it open


def _end_or_discard(connection: Connection, end: Callable[[], None]) -> None:
    """End a transaction that has changed nothing; a connection on which that fails is not used again."""
    try:
        end()
    except SQLAlchemyError:
        connection.invalidate()


def _go_to_last_answer(_connection: Connection, cursor: Any, statement: str, *_: object) -> None:
    """Of a message with several statements, keep the answer to the last."""
    if statement.endswith(_AT_ITS_START):
        while cursor.nextset():
            pass


def _leave_begin_to_us(connection: Any, _record: object) -> None:
    connection.autocommit = True  # the driver starts no transaction of its own


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Call an action once a transaction of `Database.writing` is committed; never if it is rolled back."""
    connection.info[_AFTER_COMMIT].append(action)


def read_once(connection: Connection, question: Hashable, read: Callable[[], R]) -> R:
    """Return what `read` reads, which is read once in a reading transaction: there the answer stays the same.

    Args:
        connection: a transaction; in one that writes, each call reads.
        question: names what is read.
        read: reads it.
    """
    answers = connection.get_execution_options().get(_ANSWERS)
    if answers is None:
        return read()
    if question not in answers:
        answers[question] = read()
    answer: R = answers[question]
    return answer


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT in the database's own dialect, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def hold_table(connection: Connection, table: Table) -> None:
    """Keep other writers off a table until the transaction ends. (On SQLite each write does so anyway.)"""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN EXCLUSIVE MODE')


def write_probe(connection: Connection) -> None:
    """Write something that nobody reads, to prove that a write is possible: permission, the lock, and room on the disk.

    On SQLite this counts up `PRAGMA user_version`, a number in the file that is free for use: a change that is rolled
    back would never reach the disk.

    Args:
        connection: a writing transaction; only its commit shows that there is room.
    """
    if connection.dialect.name == "postgresql":
        if connection.exec_driver_sql(_MAY_MAKE_TEMPORARY_TABLES).scalar_one():
            for statement in _PROBE_ON_POSTGRESQL:
                connection.exec_driver_sql(statement)
    else:
        turn = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version = {(turn + 1) % 2**31}")


def database_border(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the database's errors into `StoreUnavailable`.

    The new error is raised outside the handler, so that the old one is not chained to it: SQLAlchemy's error holds the
    statement's parameters, PostgreSQL's quotes whole rows, and both contain hashes.
    """

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except SQLAlchemyError as error:
            failure = StoreUnavailable(describe(error))
        raise failure

    return guarded
