"""Measures how many temporary passwords a second can be set, each with its record in the audit trail."""

from __future__ import annotations

import io
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from credentials.model import Unit
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.lab.load.lines import LoadLine, lines_file
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.figures import TrailFigures

_LINES: Final = 20_000
_CONNECTIONS: Final = 8
_FOR_S: Final = 10.0
_PASSWORD: Final = "24681357"  # noqa: S105 - of lines that are made up
_CHEAP: Final = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=64)
"""Hashes are made on the hosts; here only the database is to be seen."""


def measure_trail(
    directory: Path, server: PostgresqlServer, *, stage: Callable[[str], None], wait: Callable[[float], bool]
) -> TrailFigures:
    """Measure.

    Args:
        directory: where the key is; must exist.
        server: the database server.
        stage: called with what is done next, in a few words.
        wait: waits for so many seconds, and says whether to end early.
    """
    stage("how many records a second the audit trail takes")
    with CredentialStore.open(
        server.url(server.create()), key=Key.from_file(directory / "key"), policy=_CHEAP
    ) as store:
        store.import_lines(io.StringIO(lines_file(map(LoadLine.numbered, range(_LINES)))))
        over, turns, lock = threading.Event(), itertools.count(), threading.Lock()

        def keep_setting() -> int:
            done = 0
            while not over.is_set():
                with lock:
                    number = LoadLine.numbered(next(turns) % _LINES).contract
                store.set_temporary_password(
                    caller=number, target=number, unit=Unit.LINE, password=_PASSWORD, call_id=f"set{done}"
                )
                done += 1
            return done

        with ThreadPoolExecutor(_CONNECTIONS, "setter") as pool:
            began = time.monotonic()
            setting = [pool.submit(keep_setting) for _ in range(_CONNECTIONS)]
            wait(_FOR_S)
            over.set()
            counted = sum(each.result() for each in setting)
            took_s = time.monotonic() - began
    return TrailFigures(counted=counted, each_second=counted / took_s)
