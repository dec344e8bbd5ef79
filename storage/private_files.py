"""Files that only their owner can read, and that appear whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Enter with an empty file of mode 600 beside a path; at the end it gets that path, unless that is taken.

    If several processes do so at once, one wins, and no other ever sees a half-written file.

    Raises:
        OSError: the directory cannot be written to.
    """
    with _draft_beside(path) as draft:
        yield draft
        sync(draft)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, never replaces the file of the process that was first
            sync(path.parent)  # otherwise a power cut may remove the name again


@contextmanager
def replacement_of(path: Path) -> Iterator[Path]:
    """Enter with an empty file of mode 600 beside a path, which takes its place at the end, unless the block fails.

    Raises:
        OSError: the directory cannot be written to.
    """
    with _draft_beside(path) as draft:
        yield draft
        sync(draft)
        draft.replace(path)
        sync(path.parent)  # otherwise a power cut may bring the old file back


@contextmanager
def _draft_beside(path: Path) -> Iterator[Path]:
    """Make an empty file of mode 600 beside a path, and remove its name at the end, if it still has it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Write a file, or the names in a directory, to the disk.

    Raises:
        OSError: the disk did not take it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
