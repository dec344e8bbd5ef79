"""The tests' own PgBouncer, in front of their own PostgreSQL: only on a Unix socket, and removed with the tests."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.storage.postgresql import Server

_CONFIG = """\
[databases]
* = host={server}

[pgbouncer]
unix_socket_dir = {directory}
listen_port = 6432
pool_mode = {mode}
auth_type = trust
auth_file = {directory}/users
default_pool_size = {size}
query_wait_timeout = 2
server_login_retry = 1
logfile = {directory}/log
"""


def program() -> str | None:
    """Return where PgBouncer is; Debian puts it where only root looks."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextlib.contextmanager
def pooling(program: str, server: Server, mode: str, *, size: int) -> Iterator[Path]:
    """Run a PgBouncer in front of a server, as the server's user, until the end.

    Args:
        program: where PgBouncer is.
        server: the server behind it.
        mode: "session" or "transaction".
        size: how many server connections it shares out for each database.

    Yields:
        The directory of its socket.
    """
    directory = Path(tempfile.mkdtemp(prefix="karipass-pgbouncer."))
    config = _CONFIG.format(server=server.directory, directory=directory, mode=mode, size=size)
    (directory / "ini").write_text(config)
    (directory / "users").write_text('"karipass" ""\n')
    owner = pwd.getpwuid(server.directory.stat().st_uid)
    for path in (directory, *directory.iterdir()):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    user = owner.pw_name if os.geteuid() == 0 else None
    command: list[str | Path] = [program, "-q", directory / "ini"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=directory, user=user)
    try:
        wait_for_server(directory)
        yield directory
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(directory)


def url(socket: Path, database: str) -> str:
    """Return the URL of a database behind it."""
    return f"postgresql+psycopg://karipass@/{database}?host={socket}&port=6432"


def wait_for_server(directory: Path, database: str = "postgres") -> None:
    """Wait until a database behind it serves."""
    for _ in range(600):
        with contextlib.suppress(psycopg.OperationalError):
            with psycopg.connect(f"host={directory} port=6432 user=karipass dbname={database}") as connection:
                connection.execute("SELECT 1")
            return
        time.sleep(0.05)
    raise RuntimeError(f"PgBouncer does not serve: {(directory / 'log').read_text()[-2000:]}")
