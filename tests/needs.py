"""The Debian packages that some tests need, how each is detected, and what happens to a test that lacks one.

`make test` installs them all (`tests/debian-packages`). Without one the tests that need it are
not run, and say so; where `CI` is set that is a failure (`tests/conftest.py`).
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn

import pytest

from ivr.lab.postgresql.server import server_programs
from tests.storage.pgbouncer import program as pgbouncer_program


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _library(name: str) -> Callable[[], bool]:
    return lambda: ctypes.util.find_library(name) is not None


_SBIN: Final = f"{os.environ.get('PATH', '')}:/usr/sbin"

PACKAGES: Final[Mapping[str, Callable[[], bool]]] = MappingProxyType(
    {
        "sip-tester": _program("sipp"),
        "iproute2": _program("ip"),
        "postgresql": lambda: server_programs() is not None,
        "pgbouncer": lambda: pgbouncer_program() is not None,
        "chromium": _program("chromium"),
        "libatomic1": _library("atomic"),
        "flite": _program("flite"),
        "libspandsp2": _library("spandsp"),
        "prometheus": _program("promtool"),
        "systemd": _program("systemd-analyze"),
        "ffmpeg": _program("ffmpeg"),
        "libopencore-amrnb0": _library("opencore-amrnb"),
        "libopencore-amrwb0": _library("opencore-amrwb"),
        "libvo-amrwbenc0": _library("vo-amrwbenc"),
        "libbcg729-0": _library("bcg729"),
        "libgsm1": _library("gsm"),
        "postfix": Path("/usr/lib/postfix/sbin/master").exists,
        "kamailio": lambda: shutil.which("kamailio", path=_SBIN) is not None,
        "nftables": lambda: shutil.which("nft", path=_SBIN) is not None,
        "tcc": _program("tcc"),
        "podman": _program("podman"),
        "buildah": _program("buildah"),
        "crun": _program("crun"),
        "mmdebstrap": _program("mmdebstrap"),
    }
)
"""Debian's name of each package, and whether the part of it that the tests use is installed."""


def missing() -> list[str]:
    """List the packages that are not installed."""
    return [name for name, is_there in PACKAGES.items() if not is_there()]


def remedy(packages: list[str]) -> str:
    """Say in one line what to do about missing packages."""
    return f"{', '.join(packages)} not installed; as root: make test-needs"


def for_calls() -> str | None:
    """Say what is missing to place real calls, with the remedy; None if nothing is."""
    if os.geteuid() != 0:
        return "root is needed (sipp plays RTP through a raw socket, Asterisk runs in a root file system)"
    lacking = [name for name in ("sip-tester", "iproute2") if not PACKAGES[name]()]
    return remedy(lacking) if lacking else None


def not_run(reason: str) -> NoReturn:
    pytest.skip(f"NOT RUN: {reason}")


def package(name: str) -> None:
    """Go on only if a package is installed."""
    if not PACKAGES[name]():
        not_run(remedy([name]))


def postgresql() -> Path:
    """The directory of a server's programs."""
    return server_programs() or not_run(remedy(["postgresql"]))


def pgbouncer() -> str:
    """The program, beside a server."""
    return pgbouncer_program() or not_run(remedy(["pgbouncer"]))


def chromium() -> str:
    """The browser for playwright, whose driver needs libatomic (Debian 12 does not have it by default)."""
    package("chromium")
    package("libatomic1")
    return str(shutil.which("chromium"))
