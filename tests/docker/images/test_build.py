"""Building the images says in one line what keeps it from that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.images.scripts import IMAGES


def build(tmp_path: Path, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [str(IMAGES / "build"), *words],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "KARIPASS_CACHE": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    *_, line = done.stderr.splitlines()
    return line


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with what a plain system has, and a builder."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("bash", "env", "dirname", "realpath", "basename", "mkdir", "flock", "mktemp", "rm", "ln", "cp", "cat"):
        for folder in ("/usr/bin", "/bin"):
            if Path(folder, name).exists():
                (directory / name).symlink_to(Path(folder, name))
                break
    return directory


def test_an_unknown_image_is_named(tmp_path: Path) -> None:
    line = build(tmp_path, "asterix")
    assert line == "images: 'asterix' is none of the images: karipass asterisk postgresql kamailio"


def test_without_a_builder_it_says_which_would_do(tmp_path: Path, programs: Path) -> None:
    assert build(tmp_path, PATH=str(programs)).startswith("images: none of buildah, podman and docker is here")


def test_a_builder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "KARIPASS_BUILDER=/no/builder: there is no such program" in build(tmp_path, KARIPASS_BUILDER="/no/builder")


def test_without_the_maker_of_the_base_it_says_what_else_would_do(tmp_path: Path, programs: Path) -> None:
    (programs / "docker").symlink_to("/bin/true")
    line = build(tmp_path, "karipass", PATH=str(programs))
    assert "apt-get install mmdebstrap" in line
    assert "KARIPASS_DEBIAN_IMAGE" in line


def test_a_build_that_fails_leaves_the_cause_in_one_line_and_no_files(tmp_path: Path, programs: Path) -> None:
    builder = programs / "docker"
    builder.write_text("#!/bin/sh\necho 'Error: No space left on device'\nexit 1\n", encoding="ascii")
    builder.chmod(0o755)
    both = {"KARIPASS_BUILDER": str(builder), "KARIPASS_DEBIAN_IMAGE": "debian"}
    line = build(tmp_path, "postgresql", PATH=f"{programs}:/usr/bin:/bin", **both)
    assert "karipass-postgresql cannot be built: the disk is full (log: " in line
    assert list((tmp_path / "images").iterdir()) == []
