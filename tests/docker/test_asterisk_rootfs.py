"""The tool's commands. The live tests, which run in one, show that it builds a working Asterisk."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

NAME = os.uname().nodename
TOOL = ROOT / "docker" / "asterisk-rootfs"


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TOOL), *words],
        env={"PATH": os.environ["PATH"], "HOME": "/home/somebody", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({}, "/home/somebody/.cache/karipass/asterisk-root"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/karipass/asterisk-root"),
        ({"XDG_CACHE_HOME": "/xdg", "KARIPASS_CACHE": "/ours"}, "/ours/asterisk-root"),
    ],
)
def test_the_root_is_below_the_cache_that_the_environment_names(environment: dict[str, str], root: str) -> None:
    assert run("path", **environment).stdout == f"{root}\n"


@pytest.mark.parametrize("words", [(), ("remove",), ("exec",), ("exec", "--bind", "here", "--", "true")])
def test_a_wrong_call_gets_one_line(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("asterisk-rootfs: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else")
@pytest.mark.parametrize("words", [("build",), ("exec", "true")])
def test_without_root_one_line_says_so(words: tuple[str, ...]) -> None:
    tool = TOOL.read_text(encoding="utf-8")
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "bash", "-c", tool, *("tool", *words)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "KARIPASS_CACHE": "/nowhere/at/all"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "needs root" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="build needs root")
def test_offline_one_line_says_so_and_nothing_half_made_is_left(tmp_path: Path) -> None:
    done = run("build", KARIPASS_CACHE=str(tmp_path), KARIPASS_DEBIAN_MIRROR="http://127.0.0.1:9/debian")
    assert done.returncode == 1
    assert "the mirror cannot be reached" in done.stderr.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"asterisk-root.lock", "asterisk-root.log"}


IN_A_CHROOT = """
set -e
mount --make-rshared /
cd "$1"
mkdir -p new cache/asterisk-root
for tree in new cache/asterisk-root; do
    (cd $tree && mkdir -p usr etc dev tmp srv && ln -s usr/bin usr/lib usr/lib64 usr/sbin .)
    mount --bind /usr $tree/usr
done
mkdir -p new/proc new/cache cache/asterisk-root/proc
mount --bind cache new/cache
mount --bind cache/asterisk-root/usr new/cache/asterisk-root/usr
cp "$2" new/srv/asterisk-rootfs
export KARIPASS_CACHE=/cache
chroot new /srv/asterisk-rootfs check || true
mount -t proc proc new/proc
mount >before
chroot new /srv/asterisk-rootfs exec --bind /srv:/tmp -- ls /tmp
mount >after
cmp before after
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a chroot needs root")
def test_it_runs_in_a_chroot_whose_root_is_no_mount_point_and_no_mount_gets_out(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", IN_A_CHROOT, "bash", str(tmp_path), str(TOOL)],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "asterisk-rootfs\n"), done.stderr
    [line] = done.stderr.splitlines()
    assert "mount -t proc proc /proc" in line


WITH_HOSTS = """
set -e
mkdir -p "$1/asterisk-root"
cd "$1/asterisk-root"
mkdir usr etc dev proc tmp
ln -s usr/bin usr/lib usr/lib64 usr/sbin .
mount --bind /usr usr
mount --bind "$3" /etc/hosts
KARIPASS_CACHE=$1 "$2" exec -- cat /etc/hosts
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
@pytest.mark.parametrize(
    ("hosts", "added"),
    [
        ("127.0.0.1 localhost\n", True),
        ("127.0.0.1 localhost", True),
        ("", True),
        (f"127.0.0.1 localhost # {NAME}\n", True),
        (f"192.0.2.1 {NAME}.example\n", True),
        (f"192.0.2.1 {NAME}.example {NAME}\n", False),
        (f"127.0.1.1\t{NAME.upper()} # it\n", False),
    ],
)
def test_asterisk_need_ask_nobody_for_the_name_of_its_host(tmp_path: Path, hosts: str, added: bool) -> None:
    given = tmp_path / "hosts"
    given.write_text(hosts, encoding="ascii")
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", WITH_HOSTS, "bash", str(tmp_path), str(TOOL), str(given)],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == hosts + (f"\n127.0.1.1 {NAME}\n" if added else "")


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("unshare: unshare failed: Operation not permitted", "--cap-add SYS_ADMIN"),
        ("unshare: cannot change root filesystem propagation: Permission denied", "apparmor=unconfined"),
    ],
)
@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root before")
def test_what_keeps_it_from_mounting_is_told_apart(tmp_path: Path, refusal: str, remedy: str) -> None:
    unshare = tmp_path / "unshare"
    unshare.write_text(f"#!/bin/sh\necho '{refusal}' >&2\nexit 1\n", encoding="ascii")
    unshare.chmod(0o755)
    done = run("check", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert remedy in done.stderr
    assert len(done.stderr.splitlines()) == 1
