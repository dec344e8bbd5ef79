"""Finds why an installation failed in what the tools print in such cases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

TOOL = ROOT / "docker" / "cause-in"

OFFLINE_PIP = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by \
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f1d>: Failed to establish a new \
connection: [Errno -3] Temporary failure in name resolution')': /simple/alembic/
ERROR: Could not find a version that satisfies the requirement alembic==1.20.1 (from versions: none)
ERROR: No matching distribution found for alembic==1.20.1
"""
OFFLINE_APT = """\
Err:1 http://mirror.example/debian bookworm InRelease
  Temporary failure resolving 'mirror.example'
W: Some index files failed to download. They have been ignored, or old ones used instead.
E: Unable to locate package flite
"""
UNREACHABLE = "NewConnectionError('... [Errno 101] Network is unreachable')': /simple/alembic/\nERROR: No matching d\n"
RETRIED = """\
WARNING: Retrying (Retry(total=4)) after connection broken by 'ReadTimeoutError("Read timed out.")': /simple/numpy/
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    alembic==1.20.1 from file:///wheels/alembic.whl:
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (OFFLINE_PIP, "host names cannot be resolved"),
        (OFFLINE_APT, "host names cannot be resolved"),
        (UNREACHABLE, "no connection to the package server"),
        (RETRIED, "a download does not match its checksum"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device\n", "the disk is full"),
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)\n",
            "another apt-get or dpkg",
        ),
        ("E: Failed getting release file http://mirror.example/dists/sid/Release\n", "the mirror cannot be reached"),
        ("ERROR: No matching distribution found for alembic==1.20.1\n", "the index lacks a package, or cannot be"),
        ("building\nERROR: Failed to build numba\nmore\n", "ERROR: Failed to build numba"),
        ("one\nlast words\n\n", "last words"),
        ("", "it said nothing"),
    ],
)
def test_the_cause_is_told_in_one_line_and_not_its_consequence(tmp_path: Path, log: str, cause: str) -> None:
    path = tmp_path / "log"
    path.write_text(log, encoding="utf-8")
    done = subprocess.run([str(TOOL), str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(cause)
    assert len(done.stdout.splitlines()) == 1
