"""A bare Debian in a folder, entered in namespaces of its own, without a container engine. It leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGES: Final = ("python3", "make", "git", "ca-certificates")
"""The packages that README asks for, and no more."""
CHECKOUT: Final = "/root/karipass"
_SUITES: Final = ("bookworm", "trixie")
# How this machine reaches its packages: its proxy, its certificates, its index. A bare system gets the same.
_PASSED: Final = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE")
_COPIED: Final = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")


class BareError(Exception):
    """No bare system can be had."""


def cache() -> Path:
    """The folder that holds the bare systems."""
    named = os.environ.get("KARIPASS_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(named) if named else Path(home) / "karipass") / "newcomer"


def bare_system(suite: str) -> Path:
    """Make a Debian with `PACKAGES` alone, on first use.

    Raises:
        BareError: it cannot be made.
    """
    if suite not in _SUITES:
        raise BareError(f"SUITE={suite}: write {' or '.join(_SUITES)}")
    if os.geteuid() != 0:
        raise BareError("root is needed for a system of its own (chroot and mounts)")
    tree = cache() / suite
    if tree.is_dir():
        return tree
    if shutil.which("debootstrap") is None:
        raise BareError("debootstrap is missing: apt-get install debootstrap")
    draft = tree.with_name(f"{suite}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    print(f"Making a bare {suite} in {tree} (a minute, the first time)", flush=True)
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(draft), _mirror()],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BareError(f"debootstrap failed: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    draft.rename(tree)
    return tree


def _mirror() -> str:
    """Find the Debian mirror of this machine's own apt."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if not told:
        raise BareError("apt names no Debian mirror: run apt-get update")
    return told[0]


@contextlib.contextmanager
def copied(system: Path, checkout: Path) -> Iterator[Path]:
    """Copy a bare system, with the files of a checkout as git would commit them; removes the copy in the end."""
    folder = Path(tempfile.mkdtemp(prefix="run.", dir=cache()))
    try:
        subprocess.run(["cp", "-a", f"{system}/.", str(folder)], check=True)
        for name in _COPIED:
            if Path(name).is_file():
                inside = folder / name[1:]
                inside.parent.mkdir(parents=True, exist_ok=True)
                inside.unlink(missing_ok=True)
                shutil.copyfile(name, inside)
        _copy_tree(checkout, folder / CHECKOUT[1:])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_tree(checkout: Path, into: Path) -> None:
    """Copy the working tree, with uncommitted changes, as a repository of one commit."""
    into.mkdir(parents=True)
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (checkout / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, into / name)
    git = ("git", "-C", str(into), "-c", "user.name=newcomer", "-c", "user.email=newcomer@localhost")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "as it is")):
        subprocess.run([*git, *words], check=True)


def mount_within(tree: Path) -> None:
    """Mount what a tree needs to be entered; call it in mount and process namespaces of its own: it undoes nothing."""
    for words in (
        ("mount", "--bind", str(tree), str(tree)),
        ("mount", "-t", "proc", "proc", str(tree / "proc")),
        ("mount", "--rbind", "/sys", str(tree / "sys")),
        ("mount", "--rbind", "/dev", str(tree / "dev")),
    ):
        subprocess.run(words, check=True)


def within(tree: Path, command: str) -> list[str]:
    """Make the words that run a shell command in the checkout of a tree, as its root, with an empty environment."""
    passed = [f"{name}={os.environ[name]}" for name in _PASSED if name in os.environ]
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    shell = ["bash", "-c", f"cd {CHECKOUT} && {command}"]
    return ["chroot", str(tree), "env", "-i", "HOME=/root", "TERM=xterm-256color", path, *passed, *shell]
