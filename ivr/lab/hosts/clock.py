"""The clock of one host, which can be wrong: all other hosts and the database have this machine's.

(libfaketime would do it, but Debian 12's breaks the pauses of Python 3.11, which are absolute moments of
CLOCK_MONOTONIC: each ended at once.)
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ivr.lab.hosts.namespace import NetworkError

_SOURCE: Final = Path(__file__).with_name("clock.c")
_COMPILERS: Final = ("cc", "gcc", "tcc")
_LONG: Final = struct.Struct("l")


class HostClock:
    """The clock that a host's programs see.

    Args:
        directory: where it keeps its files; must exist.

    Raises:
        NetworkError: no compiler of C is installed.
    """

    def __init__(self, directory: Path) -> None:
        self._library = directory / "clock.so"
        self._file = directory / "clock"
        _compile(self._library)
        self._file.write_bytes(_LONG.pack(0))

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program's environment needs for this clock. Time spans stay right."""
        return {"LD_PRELOAD": str(self._library), "KARIPASS_LAB_CLOCK": str(self._file)}

    def set(self, ahead_s: int) -> None:
        """Set the clock, from one moment to the next, for programs that run, too.

        Args:
            ahead_s: by how much it is ahead; negative if it is behind.
        """
        with self._file.open("r+b", buffering=0) as file:  # programs have it in their memory
            file.write(_LONG.pack(ahead_s))


def _compile(library: Path) -> None:
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise NetworkError("no host's clock can be set without a compiler of C: as root: apt-get install tcc")
    done = subprocess.run(  # noqa: S603 - the system's own compiler
        [compiler, "-shared", "-fPIC", "-o", str(library), str(_SOURCE)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NetworkError(f"{_SOURCE} could not be compiled: {done.stderr.strip()}")
