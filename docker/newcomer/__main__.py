"""Tries the README as a newcomer does: on a bare Debian, with an empty home, every command in order.

    make newcomer SUITE=bookworm
    python3 docker/newcomer trixie --leave-out "make test"

The copy of the working tree, its processes and its mounts are gone when it ends. It ends with status 1 unless every
command did what it should.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bare import BareError, bare_system, cache, copied, mount_within, within
from readme import Command, ReadmeError, commands
from terminal import Terminal

CHECKOUT: Final = Path(__file__).resolve().parents[2]
_LIMIT_S: Final = 45 * 60.0
_READY_S: Final = 600.0
_STOP_S: Final = 60.0
_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_SHOWN: Final = 44


@dataclass(frozen=True)
class Result:
    """How a command went; `text` says so in a few words."""

    command: str
    seconds: float
    right: bool
    text: str


class Newcomer:
    """Works through commands in one bare system."""

    def __init__(self, tree: Path, log: Path) -> None:
        self._tree = tree
        self._log = log.open("w", encoding="utf-8")
        self._beside: dict[str, tuple[Command, Terminal]] = {}
        self.results: list[Result] = []

    def try_all(self, found: list[Command], left_out: list[str]) -> None:
        """Try the commands one after the other, and check that they leave nothing running."""
        known = {command.text: command for command in found}
        for command in found:
            if any(command.text.startswith(start) for start in left_out):
                self._note(Result(command.text, 0.0, right=False, text="left out, as asked"))
            elif command.not_run:
                self._note(Result(command.text, 0.0, right=True, text=f"not run: {command.not_run}"))
            else:
                if command.beside and command.beside not in self._beside:
                    self._start(known[command.beside])
                self._try(command)
        for text in list(self._beside):
            self._end(text)
        self._note(self._nothing_left())

    def _terminal(self, text: str) -> Terminal:
        self._log.write(f"\n$ {text}\n")
        return Terminal(within(self._tree, text), seen=self._write)

    def _write(self, text: str) -> None:
        self._log.write(_CONTROL.sub("", text))
        self._log.flush()

    def _try(self, command: Command) -> None:
        for before in command.first:
            subprocess.run(within(self._tree, before), check=True, stdin=subprocess.DEVNULL)
        started = time.monotonic()
        terminal = self._terminal(command.text)
        if command.until:
            right = terminal.wait_for(command.until, limit_s=_READY_S)
            said = f"ready in {time.monotonic() - started:.0f} s" if right else "not ready"
            terminal.interrupt()
            ended = terminal.wait(limit_s=_STOP_S)
            right = right and ended is not None
            text = f"{said}, Ctrl-C ended it" if ended is not None else f"{said}, Ctrl-C did not end it"
        else:
            terminal.answer(command.answers, limit_s=_READY_S)
            status = terminal.wait(limit_s=_LIMIT_S)
            right = status == command.status
            text = _last_line(terminal.text) if right else f"status {status}: {_last_line(terminal.text)}"
        if terminal.status is None:
            terminal.kill()
        self._note(Result(command.text, time.monotonic() - started, right, text))

    def _start(self, command: Command) -> None:
        started = time.monotonic()
        terminal = self._terminal(command.text)
        right = terminal.wait_for(command.until, limit_s=_READY_S)
        self._beside[command.text] = (command, terminal)
        self._note(
            Result(f"{command.text} (beside)", time.monotonic() - started, right, "ready" if right else "not ready")
        )

    def _end(self, text: str) -> None:
        _, terminal = self._beside.pop(text)
        started = time.monotonic()
        terminal.interrupt()
        ended = terminal.wait(limit_s=_STOP_S) is not None
        self._note(Result(f"Ctrl-C on {text}", time.monotonic() - started, ended, "ended" if ended else "goes on"))

    def _nothing_left(self) -> Result:
        """Find processes that still run in this namespace."""
        time.sleep(1)
        processes = [
            path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            for path in sorted((self._tree / "proc").glob("[0-9]*/cmdline"))
            if path.parent.name not in ("1", str(os.getpid()))
        ]
        left = [words for words in processes if words]  # a process that has ended, not yet waited for, has no words
        return Result("nothing is left running", 0.0, not left, "; ".join(left) or "no process")

    def _note(self, result: Result) -> None:
        self.results.append(result)
        print(row(result), flush=True)


def row(result: Result) -> str:
    """Write a result as a line of the table."""
    mark = "ok  " if result.right else "FAIL"
    return f"{mark} {result.seconds:7.1f} s  {_short(result.command, 62):<62}  {_short(result.text, _SHOWN)}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _last_line(text: str) -> str:
    lines = [line.strip() for line in _CONTROL.sub("", text).splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def main() -> int:
    """Try the commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="newcomer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", help="bookworm or trixie")
    parser.add_argument("--leave-out", action="append", default=[], metavar="START", help="commands that start so")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        found = commands((CHECKOUT / "README.md").read_text(encoding="utf-8"))
        log = cache() / f"{options.suite}.log"
        if options.inside is None:
            with copied(bare_system(options.suite), CHECKOUT) as tree:
                print(
                    f"A bare {options.suite}, {len(found)} commands of README.md; their whole output: {log}",
                    flush=True,
                )
                own = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
                done = subprocess.run([*own, sys.executable, *sys.argv, "--inside", str(tree)], check=False)
                return done.returncode
        mount_within(options.inside)
        newcomer = Newcomer(options.inside, log)
        newcomer.try_all(found, options.leave_out)
    except (BareError, ReadmeError) as error:
        print(f"newcomer: {error}", file=sys.stderr)
        return 2
    wrong = sum(not result.right for result in newcomer.results)
    print(f"{len(newcomer.results) - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
