"""The tests' own PostgreSQL server: in its own directory, only on a Unix socket, and removed with the tests.

It runs as the user of the tests, or as `postgres` or `nobody` if that is root (PostgreSQL refuses root).

    python -m tests.storage.postgresql COMMAND...

runs a command with the URL of an empty database on such a server as its last argument.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for speed. The tests kill clients, not the machine, so commits need not reach the disk."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%version'"
"""All tables but those that hold a schema's version."""


def server_programs() -> Path | None:
    """Return the directory of the newest installed server; None if there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    with_initdb = [directory for directory in found if (directory / "initdb").exists()]
    return max(with_initdb, key=lambda directory: str(directory), default=None)


class Server:
    """A server in a new directory. It serves at once after a `kill` and `start`."""

    def __init__(self, programs: Path, **settings: str) -> None:
        self._programs = programs
        self._user = _unprivileged_user()
        self._settings = {"listen_addresses": "", "max_connections": "300"} | settings
        self._names = count()
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = Path(tempfile.mkdtemp(prefix="karipass-pg."))
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        with self._log.open("wb") as log:
            command = ["initdb", "--auth=trust", "--username=karipass", "--encoding=UTF8", "--no-sync", "-D", "data"]
            subprocess.run([programs / command[0], *command[1:]], check=True, stdout=log, stderr=log, **self._as_user)

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @property
    def _as_user(self) -> dict[str, Any]:
        whom = {} if self._user is None else {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid}
        groups: dict[str, Any] = {} if self._user is None else {"extra_groups": []}
        return {"cwd": self.directory} | whom | groups

    def start(self) -> None:
        """Start it and wait until it serves."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        command: list[str | Path] = [self._programs / "postgres", "-D", "data", "-k", self.directory, *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user)
        for _ in range(600):
            with contextlib.suppress(psycopg.OperationalError):
                self._execute("SELECT 1")
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()[-2000:]}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it; SIGQUIT makes it crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop it, and remove all its files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql+psycopg://karipass@/{database}?host={self.directory}"

    def create(self, template: str = "template1") -> str:
        """Create a database and return its name."""
        name = f"test_{next(self._names)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def empty(self, name: str) -> None:
        """Empty all tables of a database that has the newest schemas, which is much cheaper than a new database."""
        with psycopg.connect(f"host={self.directory} user=karipass dbname={name}") as connection:
            tables = [table for (table,) in connection.execute(_TABLES)]
            statements = [
                "SET session_replication_role = replica",  # neither triggers nor foreign keys are in the way
                *(f'DELETE FROM "{table}"' for table in tables),  # noqa: S608
            ]
            if "audit_head" in tables:
                statements += [
                    f"INSERT INTO audit_head VALUES (1, 0, '{'0' * 64}')",  # noqa: S608
                    "ALTER TABLE audit ENABLE TRIGGER ALL",  # where a test forged records
                ]
            connection.execute(";".join(statements).encode())

    def drop(self, name: str) -> None:
        """Drop a database, even while it is used."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: Any) -> None:
        where = f"host={self.directory} user=karipass dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def serving(programs: Path, **settings: str) -> Iterator[Server]:
    """Run a server until the end."""
    server = Server(programs, **settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def main(command: list[str]) -> int:
    programs = server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with serving(programs) as server:
        return subprocess.run([*command, server.url(server.create())], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
