"""A user reads at once, before anything is installed, what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import ROOT

TOOLS = ROOT / "docker"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
NO_CAPABILITY = ["setpriv", "--bounding-set", "-sys_admin"]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A checkout as it comes from git, with an empty home. Anybody may read it, unlike pytest's own directories."""
    with tempfile.TemporaryDirectory(prefix="preflight-") as directory:
        checkout = Path(directory)
        checkout.chmod(0o755)
        (checkout / "home").mkdir()
        shutil.copytree(TOOLS, checkout / "docker")
        for name in ("requirements.lock", "pyproject.toml"):
            (checkout / name).touch()
        yield checkout


def preflight(checkout: Path, *words: str, under: list[str] | None = None, **environment: str) -> list[str]:
    """The lines that preflight prints; it fails if there are any."""
    done = subprocess.run(
        [*(under or []), str(checkout / "docker" / "preflight"), *words],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(checkout / "home"),
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": "/dev/null",
            **environment,
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stderr.splitlines()
    assert done.stdout == ""
    assert done.returncode == (1 if lines else 0)
    return lines


def set_up(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".complete").touch()


@as_root
@pytest.mark.parametrize(("what", "hint"), [("run", "sudo make run"), ("test", "sudo make test")])
def test_without_root_one_line_says_how_to_go_on(checkout: Path, what: str, hint: str) -> None:
    set_up(checkout)
    [line] = preflight(checkout, what, under=NOBODY)
    assert line.startswith(f"make {what}: root is needed")
    assert hint in line


@as_root
@pytest.mark.parametrize("what", ["run", "test"])
def test_without_the_right_to_make_namespaces_one_line_says_what_a_container_lacks(checkout: Path, what: str) -> None:
    set_up(checkout)
    [line] = preflight(checkout, what, under=NO_CAPABILITY)
    assert "--cap-add SYS_ADMIN" in line


@as_root
def test_an_asterisk_that_is_new_enough_needs_no_root(checkout: Path) -> None:
    set_up(checkout)
    bin_dir = checkout / "bin"
    bin_dir.mkdir()
    program = bin_dir / "asterisk"
    for version, needs_root in [("22.10.1", False), ("22.9.0", True), ("23.3.1", True), ("23.4.0", False)]:
        program.write_text(f"#!/bin/sh\necho Asterisk {version}\n", encoding="ascii")
        program.chmod(0o755)
        lines = preflight(checkout, "run", under=NOBODY, PATH=f"{bin_dir}:/usr/bin:/bin")
        assert bool(lines) is needs_root, version


def test_a_python_that_is_too_old_or_not_there_is_named(checkout: Path) -> None:
    old = checkout / "python3"
    old.write_text("#!/bin/sh\necho 3.9\n", encoding="ascii")
    old.chmod(0o755)
    assert f"{old} is Python 3.9, and 3.11 or newer is needed" in preflight(checkout, "run", PYTHON=str(old))[0]
    assert "/no/python does not run" in preflight(checkout, "run", PYTHON="/no/python")[0]


@as_root
def test_without_a_network_one_line_says_all_that_has_to_be_fetched(checkout: Path) -> None:
    [line] = preflight(checkout, "test", "no-such-package", under=["unshare", "--net"])
    assert (
        line
        == "make test: there is no network, and these have to be fetched: Python packages, Asterisk, no-such-package"
    )
    set_up(checkout)
    (checkout / "home" / "asterisk-root").mkdir()
    assert preflight(checkout, "run", under=["unshare", "--net"], KARIPASS_CACHE=str(checkout / "home")) == []


@as_root
def test_a_disk_that_is_too_small_is_named_once_with_what_all_of_it_needs(checkout: Path) -> None:
    script = 'mount -t tmpfs -o size=100m none "$0" && exec "$@"'
    small = checkout / "home"
    under = ["unshare", "--mount", "sh", "-c", script, str(small)]
    [line] = preflight(checkout, "run", under=under, VENV=str(small / "venv"))
    assert line == f"make run: {small} has 100 MB free, and 2600 MB are needed: make room there"


def test_where_all_is_there_it_says_nothing(checkout: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("root is part of all")
    assert preflight(checkout, "run") == []
