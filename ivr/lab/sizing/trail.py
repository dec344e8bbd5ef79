"""Measures how many temporary passwords a second can be set, each with its record in the audit trail."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from credentials.model import Unit
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.lab.load.crowd.process import leave_interrupts
from ivr.lab.load.lines import LoadLine, lines_file
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.figures import TrailFigures

_PROCESSES: Final = 6
"""Of one process the interpreter would be the limit."""
_LINES_EACH: Final = 1000
_STARTS_WITHIN_S: Final = 1.0
_FOR_S: Final = 10.0
_PASSWORD: Final = "24681357"  # noqa: S105 - of lines that are made up
_CHEAP: Final = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=64)
"""Hashes are made on the hosts; here only the database is to be seen."""


def measure_trail(
    directory: Path,
    server: PostgresqlServer,
    *,
    stage: Callable[[str], None],
    processes: int = _PROCESSES,
    for_s: float = _FOR_S,
) -> TrailFigures:
    """Measure.

    Args:
        directory: where the key is; must exist.
        server: the database server.
        stage: called with what is done next, in a few words.
        processes: how many set passwords at once, each for lines of its own.
        for_s: for how long.
    """
    stage("how many records a second the audit trail takes")
    url, key_file = server.url(server.create()), directory / "key"
    with CredentialStore.open(url, key=Key.from_file(key_file)) as store:
        lines = map(LoadLine.numbered, range(processes * _LINES_EACH))
        store.import_lines(io.StringIO(lines_file(lines)))
    spawning = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawning, initializer=leave_interrupts) as pool:
        begin = time.time() + processes * _STARTS_WITHIN_S
        setting = [pool.submit(_keep_setting, url, key_file, place, begin, for_s) for place in range(processes)]
        done = [each.result() for each in setting]
    counted, took_s = sum(count for count, _ in done), max(ended for _, ended in done) - begin
    return TrailFigures(counted=counted, each_second=counted / took_s)


def _keep_setting(url: str, key_file: Path, place: int, begin: float, for_s: float) -> tuple[int, float]:
    """Set passwords of lines of this process's own from a moment on, at least one; return how many, and until when."""
    with CredentialStore.open(url, key=Key.from_file(key_file), policy=_CHEAP) as store:
        time.sleep(max(0.0, begin - time.time()))
        done = 0
        while done == 0 or time.time() < begin + for_s:
            number = LoadLine.numbered(place * _LINES_EACH + done % _LINES_EACH).contract
            store.set_temporary_password(
                caller=number, target=number, unit=Unit.LINE, password=_PASSWORD, call_id=f"set{done}"
            )
            done += 1
        return done, time.time()
