"""A PostgreSQL server of our own: in its own directory, reached by a Unix socket, and removed at its end.

It runs as our user, or as `postgres` or `nobody` if that is root (PostgreSQL refuses root).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

_START_S: Final = 30.0
_POLL_S: Final = 0.05


def server_programs() -> Path | None:
    """Return the directory of the newest installed server; None if there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    with_initdb = [directory for directory in found if (directory / "initdb").exists()]
    return max(with_initdb, key=lambda directory: str(directory), default=None)


class PostgresqlServer:
    """A server in a new directory. It serves at once after a `stop` and `start`.

    Args:
        programs: the directory of its programs (`server_programs`).
        directory: its directory, which must be empty; a new one by default.
        within: words before its command that have it run elsewhere, as in a network namespace.
        clients: a network whose clients need no password; "" for none (Unix sockets never need one).
        settings: settings of the server.

    Attributes:
        directory: its directory, which has its socket.
    """

    def __init__(
        self,
        programs: Path,
        *,
        directory: Path | None = None,
        within: Sequence[str] = (),
        clients: str = "",
        **settings: str,
    ) -> None:
        self._programs = programs
        self._as_user = _as_user()
        self._within = tuple(within)
        self._settings = {"listen_addresses": "", "max_connections": "300"} | settings
        self._names = count()
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="karipass-pg."))
        if self._as_user:
            entry = _unprivileged_user()
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        command = ["initdb", "--auth=trust", "--username=karipass", "--encoding=UTF8", "--no-sync", "-D", "data"]
        with self._log.open("wb") as log:
            subprocess.run(  # noqa: S603 - the server's own program
                [*self._as_user, programs / command[0], *command[1:]],
                check=True,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        if clients:
            with (self.directory / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
                rules.write(f"host all all {clients} trust\n")

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @property
    def pid(self) -> int | None:
        """The process whose children the server's are; None if it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            RuntimeError: it did not start; the text has its last words.
        """
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        server: list[str | Path] = [self._programs / "postgres", "-D", "data", "-k", self.directory, *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the server's own program
                [*self._within, *self._as_user, *server], stdout=log, stderr=log, cwd=self.directory
            )
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up:
            with contextlib.suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return
            time.sleep(_POLL_S)
        raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()[-2000:]}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it; SIGQUIT makes it crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill it with all its processes, as when its host loses its power."""
        if (postmaster := self.pid) is None:
            return
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        self.stop(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)

    def remove(self) -> None:
        """Stop it, and remove all its files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)  # it may be the root of a disk

    def url(self, database: str) -> str:
        """Return the URL of one of its databases, by its Unix socket."""
        return f"postgresql+psycopg://karipass@/{database}?host={self.directory}"

    def create(self, template: str = "template1") -> str:
        """Create a database and return its name."""
        name = f"karipass_{next(self._names)}"
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def copy(self, primary: PostgresqlServer, *, name: str) -> None:
        """Begin again as a replica of another server, which runs. This one must not.

        Args:
            primary: the server whose changes it takes from now on, by that one's Unix socket.
            name: what the replica is called there (`application_name`).
        """
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        source = f"host={primary.directory} user=karipass application_name={name}"
        words = ["-d", source, "-D", "data", "-R", "-X", "stream", "--checkpoint=fast"]
        with self._log.open("ab") as log:
            subprocess.run(  # noqa: S603 - the server's own program
                [*self._as_user, self._programs / "pg_basebackup", *words],
                check=True,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""
        where = f"host={self.directory} user=karipass dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            return connection.execute(question.encode()).fetchall()

    def execute(self, statement: Any, database: str = "postgres") -> None:
        """Execute a statement."""
        where = f"host={self.directory} user=karipass dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)


def _as_user() -> tuple[str, ...]:
    """The words before a command of the server, if we are root."""
    if os.geteuid() != 0:
        return ()
    user = _unprivileged_user()
    return ("setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--")


def _unprivileged_user() -> pwd.struct_passwd:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")
