"""Backs up a large store, brings it back on an empty host, and makes a call there: how long each step takes.

python -m tests.scale.restoring --numbers 1000000 --records 10000000
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from credentials.model import Line, Unit
from credentials.secrets.keys import Key
from ivr.lab.postgresql.server import server_programs
from notice.store.opening import NoticeStore
from tests.credentials.stores import MANY_CALLS
from tests.scale.filling import Size, number
from tests.scale.plans import ROOM, filled
from tests.storage.backups import back_up, restore
from tests.storage.postgresql import serving

_PASSWORD = "73519264"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a block took."""
    start = time.monotonic()
    yield
    print(f"| {what} | {time.monotonic() - start:.1f} s |", flush=True)


def doctor(url: str, state: Path) -> str:
    """Return what `ivr doctor` says about the store of a new host."""
    environment = os.environ | {"KARIPASS_DATABASE_URL": url, "KARIPASS_STATE_DIR": str(state)}
    command = [sys.executable, "-c", "from ivr.cli import app; app()", "doctor"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return said.stdout + said.stderr


def call(url: str, key: Key, caller: str) -> None:
    """Do at the store what a call does, and then a login."""
    with NoticeStore.open(url, key=key, limits=MANY_CALLS) as store:
        admitted = store.admit(caller)
        unit = (admitted.unit if isinstance(admitted, Line) else None) or Unit.LINE
        store.set_temporary_password(caller=caller, target=caller, unit=unit, password=_PASSWORD, call_id="after")
        if not store.log_in(caller, _PASSWORD, session_id="after").verdict.accepted:
            raise RuntimeError(f"the temporary password of {caller} does not open the site")


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, required=True)
    parser.add_argument("--records", type=int, required=True)
    asked = parser.parse_args(words)
    size, programs = Size(numbers=asked.numbers, records=asked.records), server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory() as place, ExitStack() as hosts:
        backup, first, empty = Path(place, "backup"), Path(place, "first"), Path(place, "empty")
        first.mkdir(mode=0o700)
        key = Key.from_file(first / "key")
        server = hosts.enter_context(serving(programs, **ROOM))
        name = filled(server, key, size)
        with timed("`pg_dump`, while the store is in use"):
            back_up(server, name, backup)
        print(f"| its file | {backup.stat().st_size / 2**20:.0f} MiB |")
        with timed("a new PostgreSQL, empty"):
            elsewhere = hosts.enter_context(serving(programs, **ROOM))
            there = elsewhere.create()
        with timed("`pg_restore --jobs=2`"):
            restore(elsewhere, there, backup)
        with timed("`ANALYZE`"):
            elsewhere.execute("ANALYZE", there)
        empty.mkdir(mode=0o700)
        shutil.copy(first / "key", empty)
        with timed("`ivr doctor`"):
            said = doctor(elsewhere.url(there), empty)
        with timed("a call's work at the store, and a login with its temporary password"):
            call(elsewhere.url(there), key, number(size.office + 11))
        print("\n".join(line for line in said.splitlines() if "store" in line or "key" in line))


if __name__ == "__main__":
    main()
