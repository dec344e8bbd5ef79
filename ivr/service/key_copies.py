"""Copies of the store's keys, as far as they are known.

No program can see whether a key is kept in a safe. Known copies are those that were made here (`ivr keys copy`) and
those that somebody reported (`ivr keys noted`). They are noted beside the key file, with the ids of the keys, which
reveal nothing of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from credentials.secrets.keys import KeyRing
from ivr.host.settings import Settings
from settings.errors import SettingsError
from storage.private_files import sync


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCopy:
    """A copy that was made here, or that somebody reported.

    Attributes:
        place: where it is.
        key_ids: the keys in it.
        at: when it was noted.
        same_disk: whether it was made in the file system of the key itself, and would be lost with it.
    """

    place: str
    key_ids: frozenset[str]
    at: datetime
    same_disk: bool = False


def known_copies(settings: Settings) -> list[KeyCopy]:
    """Read the copies that were noted; none if the notes cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return list(_read(_notes(settings).read_text(encoding="utf-8").splitlines()))
    return []


def note_copy(settings: Settings, copy: KeyCopy) -> None:
    """Note a copy beside the key file.

    Raises:
        SettingsError: the note cannot be written.
    """
    path = _notes(settings)
    row = {
        "place": copy.place,
        "keys": sorted(copy.key_ids),
        "at": copy.at.isoformat(timespec="seconds"),
        "same_disk": copy.same_disk,
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}): the copy is not noted") from None


def write_copy(ring: KeyRing, path: Path) -> None:
    """Write the keys to a new file that only its owner can read, and read them back.

    Raises:
        SettingsError: the file exists already, cannot be written, or reads back differently.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise SettingsError(f"{path} is there already: name another file") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be made ({error.strerror}): name another file") from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(ring.to_text())
            file.flush()
            os.fsync(file.fileno())
        sync(path.parent)
        is_whole = path.read_text(encoding="ascii") == ring.to_text()
    except (OSError, UnicodeDecodeError):
        is_whole = False
    if not is_whole:
        with suppress(OSError):
            path.unlink()
        raise SettingsError(f"{path} cannot be the copy: what was written cannot be read back; is its disk full?")


def _notes(settings: Settings) -> Path:
    key_file = settings.store_key_file
    return key_file.with_name(f"{key_file.name}.copies")


def _read(lines: Iterable[str]) -> Iterator[KeyCopy]:
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            row: dict[str, Any] = json.loads(line)
            yield KeyCopy(
                place=str(row["place"]),
                key_ids=frozenset(row["keys"]),
                at=datetime.fromisoformat(row["at"]),
                same_disk=bool(row["same_disk"]),
            )
