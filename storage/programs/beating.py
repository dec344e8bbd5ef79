"""Reports a program for as long as it runs, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from storage.database import Database
from storage.errors import StorageError
from storage.programs.registry import BEAT_S, Program, Registry

_LEAVING_S: Final = 3.0
"""How long the end of the program may wait for its last word."""


@contextmanager
def reported(
    url: str,
    program: Callable[[], Program],
    *,
    beaten: Callable[[float | None], None],
    failed: Callable[[StorageError], None],
    every_s: float = BEAT_S,
) -> Iterator[None]:
    """Report a program for as long as the block runs.

    Its work goes on whether or not that succeeds: `failed` is called at each beat that could not be written.

    Args:
        url: the database's.
        program: makes the program; called in the thread.
        beaten: called after each beat with by how many seconds this host's clock is ahead of the database's, in the
            thread; with None where the database is a file of this host.
        failed: called with why a beat was not written, in the thread.
        every_s: seconds between beats.
    """
    over = threading.Event()

    def beat() -> None:
        database: Database | None = None
        try:
            while True:
                try:
                    if database is None:
                        database = Database(url)
                        registry = Registry(database, program())
                    beaten(registry.beat())
                except StorageError as error:
                    failed(error)
                if over.wait(every_s):
                    break
            if database is not None:
                with suppress(StorageError):
                    registry.leave()
        finally:
            if database is not None:
                database.close()

    thread = threading.Thread(target=beat, name="registry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_LEAVING_S)
