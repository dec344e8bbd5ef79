"""What makes `ivr up` an instance: its state directory, its turn to start, and how other terminals reach it."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from ivr.cli.common import make_state_dir
from ivr.host.running import RunningInstance
from ivr.host.settings import Settings
from settings.errors import SettingsError

_log = structlog.get_logger(__name__)

_MOST: Final = 9
"""How many instances can find a state directory by themselves."""
_TURN: Final = b"\0karipass-start"
"""An abstract socket's name. It belongs to the network namespace, as ports do, and is freed when its holder ends."""
_TURN_S: Final = 60.0
_POLL_S: Final = 0.1


@contextmanager
def claimed_state_dir(settings: Settings) -> Iterator[tuple[Settings, RunningInstance]]:
    """Take a state directory in which no instance runs, and hold it for the block.

    It is the one that the environment sets. Otherwise it is the default one, or if that is in use the next one beside
    it (`karipass-2`, `karipass-3`, ...).

    Args:
        settings: the settings of the environment.

    Yields:
        The settings with that directory, and the hold on it.

    Raises:
        SettingsError: an instance runs in the directory, or it cannot be written to.
    """
    first = settings.state_dir
    is_fixed = "state_dir" in settings.model_fields_set
    names = [first.name] if is_fixed else [first.name, *(f"{first.name}-{number}" for number in range(2, _MOST + 1))]
    for name in names:
        ours = settings.model_copy(update={"state_dir": first.with_name(name)})
        make_state_dir(ours)
        try:
            instance = RunningInstance.claim(ours.state_dir)
        except OSError as error:
            raise SettingsError(
                f"KARIPASS_STATE_DIR={ours.state_dir}: cannot be written to ({error.strerror}); name another directory"
            ) from None
        if instance is not None:
            try:
                yield ours, instance
            finally:
                instance.release()
            return
    if is_fixed:
        raise SettingsError(
            f"KARIPASS_STATE_DIR={first}: another karipass runs in it; stop that one, or name another directory"
        )
    raise SettingsError(
        f"{_MOST} instances run in {first} and beside it: stop one, or name a directory by KARIPASS_STATE_DIR"
    )


@contextmanager
def start_turn() -> Iterator[None]:
    """Keep other instances on this machine from choosing ports until the ports of this one are in use.

    The wait for another instance is limited: it may hang.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as turn:
        give_up = time.monotonic() + _TURN_S
        told = False
        while time.monotonic() < give_up:
            try:
                turn.bind(_TURN)
                break
            except OSError:
                if not told:
                    _log.info("waiting", reason="another karipass is starting")
                told = True
                time.sleep(_POLL_S)
        yield


def command_line(settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    """Write the start of a command for an instance: it works in any terminal, with nothing set, anywhere in the file
    system.

    Args:
        settings: the instance's settings.
        environment: the variables of this process.
    """
    program = Path(sys.executable).with_name("ivr")
    words = [shlex.quote(str(program)) if program.exists() else "ivr"]
    state_dir = settings.state_dir.absolute()
    if state_dir != Path.home() / ".local" / "state" / "karipass":
        words.insert(0, f"KARIPASS_STATE_DIR={shlex.quote(str(state_dir))}")
    if os.geteuid() == 0 and environment.get("SUDO_USER", "root") != "root":
        words[:0] = ["sudo", "env"] if len(words) > 1 else ["sudo"]
    return " ".join(words)
