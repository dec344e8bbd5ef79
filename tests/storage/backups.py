"""Backs up and restores a PostgreSQL database as docs/backup.md says, with PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.storage.postgresql import Server


def back_up(server: Server, name: str, file: Path) -> None:
    """Write a database into a file, while programs go on using it."""
    where = f"host={server.directory} user=karipass dbname={name}"
    _run(server, "pg_dump", "--format=custom", "--compress=1", "--dbname", where, "--file", str(file))


def restore(server: Server, name: str, file: Path) -> None:
    """Fill an empty database from such a file."""
    where = f"host={server.directory} user=karipass dbname={name}"
    _run(server, "pg_restore", "--no-owner", "--exit-on-error", "--jobs=2", "--dbname", where, str(file))


def _run(server: Server, program: str, *words: str) -> None:
    subprocess.run([server._programs / program, *words], check=True)
