"""Finds the Asterisk to run, and how to run it: the one on ``PATH``, or the one in a root file system of its own."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.exchange.configuration import ExchangeError
from ivr.host.processes import run_in_group, tied

_ROOTFS_TOOL: Final = Path(__file__).parents[2] / "docker" / "asterisk-rootfs"
# Older ones misread AudioSocket headers that arrive in two pieces. Series 22 and 23 are released in pairs.
_OLDEST_MINOR: Final = {22: 10, 23: 4}
# In the root file system Asterisk runs as a user of its own, which runs nothing else here: a number without a name.
_UNPRIVILEGED_ID: Final = 61740
# How it dies with its parent. SIGTERM will not do: Asterisk loses it for about a second while it starts (22.10.1).
_DEATH: Final = "KILL"
# The length of a Unix socket's address (sun_path), without the closing NUL.
_SOCKET_PATH_LIMIT: Final = 107


@dataclass(frozen=True)
class Asterisk:
    """How to run an Asterisk.

    Attributes:
        start: the words that start it, up to its own options.
        remote: the words that reach its command line, up to its own options.
        run: the run directory as Asterisk sees it.
        owner: the user id that it runs as; None for ours.
    """

    start: tuple[str, ...]
    remote: tuple[str, ...]
    run: str
    owner: int | None


def find_asterisk(run_dir: Path) -> Asterisk:
    """Find an Asterisk that is new enough, or build one in a root file system, which takes a minute and the network.

    Raises:
        ExchangeError: none was found and none can be built.
    """
    if shutil.which("setpriv") is None:
        raise ExchangeError("setpriv is missing: install util-linux 2.33 or newer")
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin")
    if program is not None and new_enough(_output(program, "-V")):
        control = run_dir / "asterisk.ctl"
        if len(os.fsencode(control)) > _SOCKET_PATH_LIMIT:
            raise ExchangeError(f"{control} is too long a path for a socket: use a shorter run directory")
        return Asterisk(start=tied(program, by=_DEATH), remote=(program,), run=str(run_dir), owner=None)
    if not _ROOTFS_TOOL.is_file():
        raise ExchangeError("there is no Asterisk 22.10 or newer on PATH: install one")
    if os.geteuid() != 0:
        raise ExchangeError(
            "there is no Asterisk 22.10 or newer on PATH, and running the one in a root file system takes root: "
            "use sudo, or install one"
        )
    _output(str(_ROOTFS_TOOL), "build")
    inside = "/srv/karipass"
    enter = (str(_ROOTFS_TOOL), "exec", "--bind", f"{run_dir}:{inside}", "--")
    user = ("--reuid", str(_UNPRIVILEGED_ID), "--regid", str(_UNPRIVILEGED_ID), "--clear-groups")
    return Asterisk(
        # The tie is lost when the user changes, so it is made before and after.
        start=tied(*enter, *tied("asterisk", by=_DEATH, options=user), by=_DEATH),
        remote=(*enter, "asterisk"),
        run=inside,
        owner=_UNPRIVILEGED_ID,
    )


def new_enough(version: str) -> bool:
    """Whether ``asterisk -V`` names a release whose AudioSocket is sound, as in ``Asterisk 22.10.1``."""
    found = re.match(r"Asterisk (?:certified/)?(\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major >= min(_OLDEST_MINOR) and minor >= _OLDEST_MINOR.get(major, 0)


def _output(*words: str) -> str:
    """Run a command and return what it prints; its messages go where ours do."""
    status, printed = run_in_group(words)
    if status != 0:
        raise ExchangeError(f"{' '.join(words)} ended with status {status}, see above")
    return printed
