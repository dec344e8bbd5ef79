"""A disk of a node's own, which can be full."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivr.lab.hosts.network import NetworkError

_BALLAST: Final = ".ballast"
_BLOCKS: Final = bytes(64 * 1024), bytes(512)


class Disk:
    """A disk in memory, mounted on a directory; a context manager that removes it with all that is on it.

    Args:
        directory: where it is mounted; is made.
        mebibytes: how large it is.
    """

    def __init__(self, directory: Path, mebibytes: int) -> None:
        self._directory = directory
        self._size = f"{mebibytes}m"

    def __enter__(self) -> Self:
        """Mount it.

        Raises:
            NetworkError: it is not allowed.
        """
        self._directory.mkdir(mode=0o755, parents=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={self._size},mode=755", "karipass-lab", str(self._directory)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode != 0:
            raise NetworkError(f"no disk for {self._directory}: {done.stderr.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "--lazy", str(self._directory)], check=False)  # noqa: S603, S607 - our own words

    def fill(self) -> None:
        """Take all the room that there is."""
        with (self._directory / _BALLAST).open("wb", buffering=0) as file:
            for block in _BLOCKS:
                with suppress(OSError):
                    while file.write(block):
                        pass

    def empty(self) -> None:
        """Give that room back."""
        (self._directory / _BALLAST).unlink(missing_ok=True)
