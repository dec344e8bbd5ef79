"""The instance that runs in a state directory: it holds a lock, and a file publishes its settings.

`ivr up` may run on other ports than the default ones, and with settings that only its terminal has. It leaves them in
`running.json` of its state directory, where every other command finds them. The file counts only while the lock is
held, so a file that a killed instance left does no harm.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

_LOCK: Final = "running.lock"
_FILE: Final = "running.json"
_FLOCK: Final = "hhqqi4x"
"""Linux's struct flock: type, whence, start, length, process."""


class RunningError(Exception):
    """An instance cannot publish its settings; the message says why."""


class RunningInstance:
    """Holds a state directory for one instance, until `release` or the end of the process. Made by `claim`."""

    def __init__(self, state_dir: Path, lock: int) -> None:
        self._file = state_dir / _FILE
        self._lock = lock

    @classmethod
    def claim(cls, state_dir: Path) -> Self | None:
        """Take a state directory, which must exist; None if an instance runs in it.

        Raises:
            OSError: the directory cannot be written to.
        """
        lock = os.open(state_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Unlike flock(2), this kind can be asked for without being taken: see `_is_held`.
            fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        instance = cls(state_dir, lock)
        instance._withdraw()  # the file that a killed instance left
        return instance

    def publish(self, values: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> None:
        """Publish the settings of this instance, by name, in a file that only its owner can read.

        Args:
            values: its settings.
            environment: variables that it has set for its processes, and that are no settings of its own.

        Raises:
            RunningError: the file cannot be written.
        """
        try:
            self._write({"settings": dict(values), "environment": dict(environment or {})})
        except OSError as error:
            raise RunningError(f"{self._file} cannot be written ({error.strerror})") from None

    def _write(self, told: Mapping[str, Any]) -> None:
        draft = self._file.with_name(f".{_FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"pid": os.getpid(), **told}, file, ensure_ascii=False, indent=2)
            draft.replace(self._file)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def release(self) -> None:
        """Remove the file and let go of the directory. May be called any number of times."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            self._withdraw()
            os.close(lock)

    def _withdraw(self) -> None:
        with contextlib.suppress(OSError):
            self._file.unlink()


def running_settings(state_dir: Path) -> Mapping[str, Any]:
    """Read the settings that the instance in a state directory has published; empty if none is seen to run."""
    return _published(state_dir, "settings")


def running_environment(state_dir: Path) -> Mapping[str, str]:
    """Read the variables that the instance in a state directory has set for its processes; empty if none runs."""
    return {name: value for name, value in _published(state_dir, "environment").items() if isinstance(value, str)}


def _published(state_dir: Path, part: str) -> dict[str, Any]:
    if not is_running(state_dir):
        return {}
    try:
        told = json.loads((state_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # it is just starting or stopping
    values = told.get(part) if isinstance(told, dict) else None
    return values if isinstance(values, dict) else {}


def is_running(state_dir: Path) -> bool:
    """Whether an instance runs in a state directory, as far as can be seen."""
    try:
        lock = os.open(state_dir / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_ = struct.unpack(_FLOCK, fcntl.fcntl(lock, fcntl.F_OFD_GETLK, asked))
        return bool(kind != fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        os.close(lock)
