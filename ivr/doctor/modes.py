"""Reads from a file's mode who may do what with it."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path


def mode_of(path: Path) -> int:
    """The bits of a file's mode; 0 if it cannot be seen."""
    with contextlib.suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    return 0


def lets_others_in(path: Path) -> bool:
    """Whether anybody but the owner may read, write or enter."""
    return bool(mode_of(path) & (stat.S_IRWXG | stat.S_IRWXO))


def lets_others_replace(folder: Path) -> bool:
    """Whether anybody but the owner may put other files in the place of those in a folder."""
    mode = mode_of(folder)
    return bool(mode & (stat.S_IWGRP | stat.S_IWOTH)) and not mode & stat.S_ISVTX
