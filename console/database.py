"""The console's access to the store's database, opened on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from console.config import ConsoleConfig
from console.notices.reading import NoticeReader
from console.operators import Operators, Sessions
from credentials.lines import provisioning
from credentials.model import Line
from credentials.schema import CREDENTIALS
from credentials.site import login_counts, states
from credentials.site.login_counts import LoginCounts
from credentials.site.states import LineState
from credentials.store import CredentialStore
from ivr.records import CallReader, open_records
from mail.outbox import MAIL
from notice.store.schema import NOTICE
from storage.database import Database, database_border
from storage.migrate import upgrade
from storage.programs.registry import ProgramState, read_programs
from storage.programs.schema import PROGRAMS


class Backend:
    """The store, in the form that pages need.

    The database is opened on first use, so that the console can say what is wrong when the store is away. Until then
    every attribute raises `StoreUnavailable`.

    Args:
        config: names the database.
    """

    def __init__(self, config: ConsoleConfig) -> None:
        self._config = config
        self._opening = threading.Lock()
        self._opened: tuple[Database, Operators] | None = None

    @property
    def calls(self) -> CallReader:
        """Reads the records of calls."""
        return CallReader(self._database, clock=self._config.clock)

    @property
    def notices(self) -> NoticeReader:
        """Reads call notices."""
        return NoticeReader(self._database)

    @property
    def operators(self) -> Operators:
        """The operators' accounts."""
        return self._open()[1]

    @property
    def sessions(self) -> Sessions:
        """The operators' logins."""
        return Sessions(self._database, clock=self._config.clock)

    @database_border
    def line_of(self, number: str) -> Line | None:
        """Return the line that a number belongs to; None if there is none."""
        with self._database.reading() as connection:
            return provisioning.find_line(connection, number)

    def lock(self, contract_number: str, operator: str) -> None:
        """Lock a line out, and record who did it.

        Raises:
            StorageError: the store or its key cannot be used, or there is no such line.
        """
        with self._config.open_store() as store:
            store.lock_line(contract_number, operator=operator)

    def unlock(self, contract_number: str, operator: str) -> None:
        """Let a line in again, and record who did it.

        Raises:
            StorageError: the store or its key cannot be used, or there is no such line.
        """
        with self._config.open_store() as store:
            store.unlock_line(contract_number, operator=operator)

    def now(self) -> datetime:
        """Return the present moment, by the clock that all hosts share.

        Raises:
            StoreUnavailable: the database cannot be opened.
        """
        return (self._config.clock or self._database.now)()

    @database_border
    def credentials_of(self, line: Line, *, after: str, size: int) -> LineState:
        """Return the state of a line's credentials, without any secret. This needs no key.

        Args:
            line: the line.
            after: only the numbers after this one.
            size: the most numbers to return.
        """
        limits = self._config.session_limits
        with self._database.reading() as connection:
            now = self.now()
            return states.read(connection, line, after=after, size=size, limits=limits, now=now)

    def count_logins(self, bounds: Sequence[datetime]) -> list[LoginCounts]:
        """Count the logins at the settings site between each moment and the next one."""
        return login_counts.count_logins(self._database, bounds)

    def change_logins(self, change: Callable[[CredentialStore], object]) -> bool:
        """Change something about the logins of a number or line in the credential store, which records it.

        Args:
            change: makes the change, and returns what is true if it changed anything.

        Raises:
            StorageError: the store or its key cannot be used, or there is no such number.
        """
        with self._config.open_store() as store:
            return bool(change(store))

    def programs(self) -> list[ProgramState]:
        """Read which programs use the database, on all hosts."""
        return read_programs(self._database)

    def close(self) -> None:
        """Close all connections."""
        with self._opening:
            if self._opened is not None:
                self._opened[0].close()
                self._opened = None

    @property
    def _database(self) -> Database:
        return self._open()[0]

    def _open(self) -> tuple[Database, Operators]:
        with self._opening:
            if self._opened is None:
                database = open_records(self._config.database_url)
                try:
                    _make_tables(database)
                except BaseException:
                    database.close()
                    raise
                operators = Operators(
                    database,
                    open_store=self._config.open_store,
                    policy=self._config.policy,
                    clock=self._config.clock,
                )
                self._opened = database, operators
            return self._opened


@database_border
def _make_tables(database: Database) -> None:
    """Create the tables of credentials, mail and call notices, in case no service has done so yet."""
    for history in (CREDENTIALS, MAIL, NOTICE, PROGRAMS):  # settings of call notices refer to the numbers of the first
        upgrade(database, history)
