"""The tests' own PostgreSQL server: in its own directory, only on a Unix socket, and removed with the tests.

    python -m tests.storage.postgresql COMMAND...

runs a command with the URL of an empty database on such a server as its last argument.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from ivr.lab.postgresql.server import PostgresqlServer, server_programs

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for speed. The tests kill clients, not the machine, so commits need not reach the disk."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%version'"
"""All tables but those that hold a schema's version."""


class Server(PostgresqlServer):
    """A server whose databases can be emptied and dropped."""

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
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def serving(programs: Path, **settings: str) -> Iterator[Server]:
    """Run a server until the end."""
    server = Server(programs, directory=None, **settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def main(command: list[str]) -> int:
    programs = server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with serving(programs) as server:
        return subprocess.run([*command, server.url(server.create())], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
