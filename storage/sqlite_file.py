"""The file of an SQLite database: creates it, finds it, and notices when it is taken away.

SQLite goes on with a file that was removed or replaced under it: what is written then is lost with the last process
that has it open, and nobody notices. So each transaction first checks whether the file is still the one that was
opened, and a write checks again when it is done.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event

from storage.errors import StoreUnavailable
from storage.private_files import draft_of

WRITE = "karipass_write"
"""The execution option that marks a connection's transaction as a write."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database file that exists.

    Attributes:
        path: where it is.
        identity: device and number of its inode.
        has_log: whether it was put into WAL mode, so that writes go into a log beside it.
    """

    path: Path
    identity: tuple[int, int]
    has_log: bool

    @classmethod
    def open(cls, path: Path, *, make: bool) -> "SqliteFile":
        """Find or create the file.

        Args:
            path: where it is.
            make: whether to create it if it is missing; it is then in WAL mode, or will be (`prepare`).

        Raises:
            StoreUnavailable: it is missing, or cannot be created or read.
        """
        if make:
            _make(path)
        try:
            if path.is_file():
                return cls(path, _identity(path), has_log=make)
        except OSError as error:
            raise StoreUnavailable(f"the database file {path} cannot be read: {error.strerror}") from None
        raise StoreUnavailable(f"there is no database file {path}; the first start of the service makes it")

    def require_same(self) -> None:
        """Check that the file is still the one that was opened.

        Raises:
            StoreUnavailable: it has gone, or another file has its place.
        """
        try:
            identity = _identity(self.path)
        except OSError as error:
            raise StoreUnavailable(
                f"the database file {self.path} has gone ({error.strerror}): bring that very file back, or restart what"
                " uses it with another"
            ) from None
        if identity != self.identity:
            raise StoreUnavailable(
                f"the database file {self.path} was replaced while it was in use: restart what uses it"
            )

    def require_written(self) -> None:
        """Check that what was just committed is in the file or in the log beside it.

        Raises:
            StoreUnavailable: the file or the log has gone meanwhile.
        """
        self.require_same()
        log = self.path.with_name(f"{self.path.name}-wal")
        if self.has_log and not log.exists():
            raise StoreUnavailable(f"the database's log {log} has gone: restart what uses {self.path}")


def prepare(engine: Engine, file: SqliteFile) -> None:
    """Set up an engine's connections as the store needs them.

    Args:
        engine: the SQLAlchemy engine.
        file: the file that it opens.
    """

    @event.listens_for(engine, "do_connect")
    def _make_nothing(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> None:
        # SQLite would make an empty file in the place of one that was taken away, and remove the log of that one.
        file.require_same()
        args[0], options["uri"] = f"file:{quote(str(file.path))}?mode=rw", True

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver starts no transaction of its own
        for pragma in (
            *(["journal_mode = WAL"] if file.has_log else []),  # readers and the writer do not wait for each other
            "synchronous = FULL",  # a caller who heard "it is set" can rely on it after a power cut
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        file.require_same()
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _make(path: Path) -> None:
    """Create the file if it is missing: for its owner alone (SQLite would follow the umask), and already in WAL mode.

    If several processes switched one new file to WAL at once, SQLite would refuse them without waiting. The file itself
    is never opened here: closing it would release the locks that another connection of this process holds on it.
    """
    try:
        if not path.exists():
            with draft_of(path) as draft, contextlib.closing(sqlite3.connect(draft)) as connection:
                connection.execute("PRAGMA journal_mode = WAL").close()
    except OSError as error:
        raise StoreUnavailable(f"the database file {path} cannot be made: {error.strerror}") from None
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database file {path} cannot be made: {error}") from None


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
