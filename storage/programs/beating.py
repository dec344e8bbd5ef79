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
        beats = _Beats(url, program)
        while True:
            try:
                beaten(beats.beat())
            except StorageError as error:
                failed(error)
            if over.wait(every_s):
                break
        beats.end()

    thread = threading.Thread(target=beat, name="registry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_LEAVING_S)


class _Beats:
    """The beats of one program, on a database that is opened when it can be."""

    def __init__(self, url: str, program: Callable[[], Program]) -> None:
        self._url = url
        self._program = program
        self._opened: tuple[Database, Registry] | None = None

    def beat(self) -> float | None:
        if self._opened is None:
            database = Database(self._url, make=False)  # a file that was taken away must not be made anew
            self._opened = database, Registry(database, self._program())
        return self._opened[1].beat()

    def end(self) -> None:
        if self._opened is not None:
            database, registry = self._opened
            with suppress(StorageError):
                registry.leave()
            database.close()
