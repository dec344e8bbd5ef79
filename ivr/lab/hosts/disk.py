"""A disk of a node's own, which can be full, and directories in which nothing can be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivr.lab.hosts.namespace import NetworkError, run

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
        run("mount", "-t", "tmpfs", "-o", f"size={self._size},mode=755", "karipass-lab", str(self._directory))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(NetworkError):  # it went meanwhile
            run("umount", "--lazy", str(self._directory))

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


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Let nothing be written in a directory until the end of the block. What is open for writing stays so.

    Raises:
        NetworkError: it is not allowed.
    """
    run("mount", "--bind", str(directory), str(directory))
    try:
        run("mount", "-o", "remount,ro,bind", str(directory))
        yield
    finally:
        run("umount", "--lazy", str(directory))
