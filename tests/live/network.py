"""A network for each process: live tests side by side must not hear each other's packets, nor take their ports."""

from __future__ import annotations

import ctypes
import os
import subprocess

_CLONE_NEWNET = 0x40000000
"""From Linux's sched.h; `os.unshare` comes with Python 3.12."""


def enter_own_network() -> None:
    """Move this process, and those that it will start, into a network namespace with nothing but loopback.

    Raises:
        OSError: it is not allowed (root and CAP_SYS_ADMIN are needed).
    """
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"no network namespace of its own: {os.strerror(number)}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
