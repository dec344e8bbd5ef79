"""What a machine lacks is said at once, a line each, before anything is set up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[2] / "docker"
NOBODY = ("setpriv", "--reuid", "65534", "--clear-groups")
WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: root is needed to drop its rights")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing set up, that anybody may read."""
    shutil.copytree(DOCKER, tmp_path / "docker", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):  # noqa: S108
            folder.chmod(folder.stat().st_mode | 0o755)
        if folder.parent == Path(folder.anchor):
            break
    return tmp_path


def lines(
    checkout: Path, what: str, *, python: str = sys.executable, by: tuple[str, ...] = ()
) -> tuple[int, list[str]]:
    done = subprocess.run(
        [*by, str(checkout / "docker" / "preflight"), what, python],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath + ":/usr/sbin", "HOME": str(checkout), "https_proxy": "somewhere"},
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def test_a_missing_python_is_named(checkout: Path) -> None:
    status, (line,) = lines(checkout, "setup", python="/nowhere/python3")
    assert status == 1
    assert line.startswith("make setup needs Python 3.11 or newer, and there is no /nowhere/python3")


def test_an_old_python_is_named_with_its_version(checkout: Path) -> None:
    old = checkout / "old"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    _, (line,) = lines(checkout, "setup", python=str(old))
    assert "Python 3.9.2" in line
    assert "make PYTHON=" in line


@as_root
@pytest.mark.parametrize("what", ["run", "test"])
def test_who_is_not_root_is_told_what_to_do(checkout: Path, what: str) -> None:
    status, told = lines(checkout, what, by=NOBODY, python="/usr/bin/python3")
    assert status == 1
    assert [line for line in told if line.startswith(f"make {what} needs root (") and f"sudo make {what}" in line]


@as_root
def test_a_container_without_the_right_to_mount_is_told_which(checkout: Path) -> None:
    status, told = lines(checkout, "run", by=WITHOUT_RIGHTS)
    assert status == 1
    assert [line for line in told if "CAP_SYS_ADMIN" in line]


@as_root
def test_without_a_network_what_is_not_installed_yet_is_named(checkout: Path) -> None:
    done = subprocess.run(
        ["unshare", "--net", str(checkout / "docker" / "preflight"), "run", sys.executable],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "HOME": str(checkout)},
        check=False,
    )
    assert done.returncode == 1
    assert "needs the network for what is not installed yet" in done.stderr
    assert "Python packages" in done.stderr


@as_root
def test_a_full_disk_is_named_before_it_is_filled(checkout: Path) -> None:
    script = f"mount -t tmpfs -o size=20m disk {checkout}/cache && KARIPASS_CACHE={checkout}/cache "
    (checkout / "cache").mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{script} {checkout}/docker/preflight run {sys.executable}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"600 MB free in {checkout}/cache" in done.stderr


@as_root
def test_packages_that_cannot_be_had_are_told_with_the_cause_and_leave_nothing(checkout: Path) -> None:
    root = DOCKER.parent
    venv = checkout / "venv"
    done = subprocess.run(
        ["unshare", "--net", str(root / "docker" / "python-packages"), sys.executable, str(venv)],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(checkout), "PIP_RETRIES": "1"},
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "cannot be looked up" in line or "cannot be reached" in line
    assert not venv.exists()
