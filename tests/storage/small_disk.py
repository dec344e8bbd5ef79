"""A disk for one test that is soon full."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests import needs


@contextlib.contextmanager
def mounted(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a disk of this size on a folder, until the end."""
    if os.geteuid() != 0:
        needs.not_run("root is needed (a small disk is mounted)")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "karipass-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Fill the disk to the last byte, and return the file that takes the room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast
