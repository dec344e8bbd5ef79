"""SIGINT (Ctrl-C) and SIGTERM, from the start of a command to its end.

Python's own handlers are set once for the whole life of a command, whatever it inherited (a script's `command &` has
SIGINT ignored). They also run while uvloop's loop runs. asyncio's runner, which would cancel the service at SIGINT,
leaves them alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from types import FrameType, TracebackType
from typing import Any, Final, Self

import structlog

_log = structlog.get_logger(__name__)

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_AT_ONCE_STATUS: Final = 1


class _Phase(Enum):
    STARTING = auto()
    SERVING = auto()
    ENDING = auto()


class StopRequests:
    """Does what a command must do when it is asked to stop; a context manager, for the main thread.

    While the command starts, the first request raises `SystemExit`, so that everything already started is stopped in
    order. While it serves, the first request calls the function given to `serving`. While it ends, the first request
    does nothing. A second request calls the functions given to `at_once`, the last first, and ends the process. A third
    one only ends it.
    """

    def __init__(self) -> None:
        self._phase = _Phase.STARTING
        self._requests = 0
        self._stop: Callable[[], object] = lambda: None
        self._at_once: list[Callable[[], None]] = []
        self._inherited: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._inherited[number] = signal.signal(number, self._asked)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._inherited.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def at_once(self, act: Callable[[], None]) -> None:
        """Add a function, which must be quick, to call when the command must end at once."""
        self._at_once.append(act)

    @contextmanager
    def serving(self, stop: Callable[[], object]) -> Iterator[None]:
        """Have the first request call `stop`, which asks the service to end."""
        self._stop = stop
        self._phase = _Phase.SERVING
        try:
            yield
        finally:
            self._phase = _Phase.ENDING

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self._requests += 1
        if self._requests > 2:
            os._exit(_AT_ONCE_STATUS)
        if self._requests == 2:
            self._end_at_once()
        match self._phase:
            case _Phase.STARTING:
                self._phase = _Phase.ENDING
                raise SystemExit(128 + number)
            case _Phase.SERVING:
                self._stop()

    def _end_at_once(self) -> None:
        for act in (lambda: _log.warning("stopped_at_once"), *reversed(self._at_once)):
            # The others must still be called. Even the log may fail: the interrupted code may be writing to it.
            with contextlib.suppress(Exception):
                act()
        os._exit(_AT_ONCE_STATUS)
