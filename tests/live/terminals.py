"""`ivr up` on a terminal of its own, and commands in terminals with nothing set."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.live.house import ivr_command

START_S = 180.0
"""For a busy machine; on an idle one it takes about five seconds."""
CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


def bare(home: Path) -> dict[str, str]:
    """The environment of a fresh terminal."""
    return {"HOME": str(home), "PATH": os.environ["PATH"]}


class Up:
    """`ivr up` on a terminal of its own, like one into which `make run` was typed."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.state = home / ".local" / "state" / "karipass"
        self.process = process
        self.shown = ""
        self._terminal = terminal

    def wait_for(self, text: str, *, patience_s: float = START_S) -> None:
        give_up = time.monotonic() + patience_s
        while text not in self.shown:
            assert time.monotonic() < give_up, self.shown
            assert self._read(), self.shown

    def press_ctrl_c(self) -> None:
        os.write(self._terminal, b"\x03")

    def wait(self, *, patience_s: float = 30.0) -> int:
        give_up = time.monotonic() + patience_s
        while self._read():
            assert time.monotonic() < give_up, self.shown
        return self.process.wait(5)

    def printed_command(self, word: str) -> str:
        """A command that the terminal shows, to be pasted elsewhere."""
        [line] = re.findall(rf"^    (.*/ivr {word} .*?)\s*$", self.shown, re.MULTILINE)
        return str(line)

    def _read(self) -> bool:
        """Read the output that comes; returns whether the terminal is still in use."""
        readable, _, _ = select.select([self._terminal], [], [], 0.1)
        try:
            data = os.read(self._terminal, 65536) if readable else None
        except OSError:  # EIO: nobody has it open any more
            return False
        self.shown += (data or b"").decode(errors="replace")
        return data != b""


@contextmanager
def up(home: Path, *, ignoring_sigint: bool = False, **environment: str) -> Iterator[Up]:
    ours, theirs = pty.openpty()
    script = "trap '' INT; exec \"$0\" up" if ignoring_sigint else 'exec "$0" up'
    process = subprocess.Popen(
        ["setsid", "--ctty", "sh", "-c", script, ivr_command()],
        env={**bare(home), "XDG_CACHE_HOME": CACHE, **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd="/",
    )
    os.close(theirs)
    try:
        yield Up(home, process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def in_fresh_terminal(home: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], env=bare(home), cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


def processes_of(home: Path) -> list[str]:
    """Find the processes that were started with a home directory, by their commands."""
    mark = f"HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has gone, or is none of ours
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
