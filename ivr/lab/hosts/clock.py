"""The clock of one host, which can be wrong, by libfaketime: all other hosts and the database have this machine's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ivr.lab.hosts.namespace import NetworkError

_LIBRARIES: Final = Path("/usr/lib")
_LIBRARY: Final = "*/faketime/libfaketimeMT.so.1"


class HostClock:
    """The clock that a host's programs see.

    Args:
        file: where it keeps by how much it is wrong; is made.

    Raises:
        NetworkError: libfaketime is not installed.
    """

    def __init__(self, file: Path) -> None:
        library = next(_LIBRARIES.glob(_LIBRARY), None)
        if library is None:
            raise NetworkError("no host's clock can be set: as root: apt-get install faketime")
        self._library = library
        self._file = file
        self.set(0)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program's environment needs for this clock. Time spans (`CLOCK_MONOTONIC`) stay right."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }

    def set(self, ahead_s: int) -> None:
        """Set the clock, from one moment to the next.

        Args:
            ahead_s: by how much it is ahead; negative if it is behind.
        """
        following = self._file.with_suffix(".next")
        following.write_text(f"{ahead_s:+d}\n", encoding="ascii")
        following.chmod(0o644)
        following.replace(self._file)
