"""Podman for a test: our images, a mount namespace in which crun works anywhere, a storage that the cache keeps."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.repository import ROOT

PACKAGES: Final = ("podman", "buildah", "crun", "mmdebstrap")
"""The Debian packages that a test of the images needs."""
_HYBRID: Final = "/sys/fs/cgroup/unified"
"""crun refuses cgroups of both versions at once; in a namespace of ours one of them can be put away."""
_NAMESPACE: Final = f"! mountpoint -q {_HYBRID} || umount {_HYBRID}; echo ready; exec sleep infinity"
_MOST: Final = 4096
_BUILD_S: Final = 900
_COMMAND_S: Final = 180


class Podman:
    """Runs podman and podman-compose, and builds our images for them; a context manager.

    The images and what they are built from stay below the cache: building them again takes seconds.

    Args:
        directory: for its configuration.
        environment: more variables for all commands, such as those that a compose file names.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        kept = _cache() / "containers"
        (directory / "containers.conf").write_text(
            f'[containers]\ncgroups = "disabled"\ndefault_ulimits = {json.dumps(list(_limits()))}\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n',
            encoding="ascii",
        )
        (directory / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{kept / "storage"}"\nrunroot = "{kept / "run"}"\n',
            encoding="utf-8",
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")},
            "KARIPASS_CACHE": str(_cache()),
            "CONTAINERS_CONF": str(directory / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(directory / "storage.conf"),
            **environment,
        }
        self._namespace: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _NAMESPACE]
        self._namespace = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._namespace.stdout is not None
        assert self._namespace.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._namespace is not None
        assert self._namespace.stdout is not None
        self._namespace.kill()
        self._namespace.wait()
        self._namespace.stdout.close()

    def build_images(self) -> None:
        """Build the images of one host. A worker's own network leads nowhere; that of the process above it does."""
        network = ["nsenter", f"--net=/proc/{os.getppid()}/ns/net"] if "PYTEST_XDIST_WORKER" in os.environ else []
        words = [*network, str(ROOT / "docker" / "images" / "build"), "karipass", "asterisk", "postgresql"]
        self._run(words, PYTHON=sys.executable, patience_s=_BUILD_S, check=True)

    def bill(self, image: str, directory: Path) -> None:
        """Write the bills of an image into a directory."""
        words = [str(ROOT / "docker" / "images" / "bill"), image]
        self._run(words, PYTHON=sys.executable, KARIPASS_BILLS=str(directory), check=True)

    def podman(self, *words: str) -> str:
        """Run a command of podman; returns what it prints."""
        return self._run(["podman", *words], check=True).stdout

    def succeeds(self, *words: str) -> bool:
        """Run a command of podman; returns whether it succeeded."""
        return self._run(["podman", *words], check=False).returncode == 0

    def compose(self, *words: str, patience_s: float = _COMMAND_S) -> str:
        """Run a command of podman-compose; returns what it prints."""
        program = Path(sys.executable).with_name("podman-compose")
        return self._run([str(program), *words], patience_s=patience_s, check=True).stdout

    def is_healthy(self, container: str) -> bool:
        """Run a container's check of its health. (Podman leaves that to systemd's timers, where there is systemd.)"""
        return self.succeeds("healthcheck", "run", container)

    def logs(self, container: str, *options: str) -> str:
        """Return what a container wrote."""
        done = self._run(["podman", "logs", *options, container], check=False)
        return done.stdout + done.stderr

    def inspected(self, *names: str) -> list[dict[str, Any]]:
        """Return what podman says of containers."""
        found: list[dict[str, Any]] = json.loads(self.podman("inspect", *names))
        return found

    def _run(
        self, words: Sequence[str], *, check: bool, patience_s: float = _COMMAND_S, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        assert self._namespace is not None
        enter = ["nsenter", f"--mount=/proc/{self._namespace.pid}/ns/mnt", f"--wdns={ROOT}", "--"]
        process = subprocess.Popen(
            [*enter, *words],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        late = ""
        try:
            printed, said = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            late = f", killed after {patience_s:g} s"
            os.killpg(process.pid, signal.SIGKILL)
            printed, said = process.communicate()
        if late or (check and process.returncode != 0):
            raise AssertionError(
                f"{' '.join(words)}: status {process.returncode}{late}\n{printed[-3000:]}\n{said[-3000:]}"
            )
        return subprocess.CompletedProcess(process.args, process.returncode, printed, said)


def _cache() -> Path:
    if "KARIPASS_CACHE" in os.environ:
        return Path(os.environ["KARIPASS_CACHE"])
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "karipass"


def _limits() -> Iterator[str]:
    """Podman would raise these, which takes more than a test may have."""
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(number)[1]
        most = _MOST if hard == resource.RLIM_INFINITY else min(_MOST, hard)
        yield f"{name}={most}:{most}"
