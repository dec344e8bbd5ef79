"""A former version beside this one, and the link that says which of them is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.repository import ROOT


@dataclass
class Release:
    """What is installed: a link to the modules of one version.

    Attributes:
        link: the link, which programs have as their PYTHONPATH.
    """

    link: Path

    def install(self, version: Path) -> None:
        """Install a version, from one moment to the next."""
        following = self.link.with_suffix(".next")
        following.unlink(missing_ok=True)
        following.symlink_to(version)
        following.replace(self.link)


@contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """Check a revision of this repository out until the end of the block."""
    path = folder / "former"
    subprocess.run(["git", "worktree", "add", "--detach", "--quiet", str(path), revision], cwd=ROOT, check=True)
    try:
        yield path
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(path)], cwd=ROOT, check=False)


@dataclass
class FormerHouse:
    """A house of the former version, in a process of that version."""

    place: dict[str, Any] = field(repr=False)  # it has secrets
    _process: subprocess.Popen[str] = field(repr=False)

    def asterisk(self, command: str) -> str:
        """Run a command of its Asterisk."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return str(json.loads(self._process.stdout.readline()))

    def logged(self) -> list[dict[str, Any]]:
        """Read what its service has logged."""
        lines = Path(self.place["log"]).read_bytes().splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]


@contextmanager
def former_house(version: Path, directory: Path, url: str, calls: int, release: Release) -> Iterator[FormerHouse]:
    """Run a house of a version until the end of the block."""
    words = [str(Path(__file__).with_name("former.py")), str(directory), url, str(calls), str(release.link)]
    environment = {**os.environ, "PYTHONPATH": str(version)}
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said, "the former house did not come up: its words are above"
        yield FormerHouse(json.loads(said), process)
        assert process.stdin is not None
        process.stdin.close()
