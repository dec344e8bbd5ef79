"""The console beside a service, in a process of its own: what an operator looks at does not touch the calls' clock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STOP_S: Final = 5.0


@contextmanager
def console_process() -> Iterator[None]:
    """Run `ivr console` with this process's settings until the end of the block; if it fails it says why itself."""
    process = subprocess.Popen([sys.executable, "-m", "ivr", "console", "--log-level", "warning"])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
