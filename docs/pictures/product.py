"""The product that the pictures show: `ivr up`, as `make run` starts it, in a directory of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from ivr.host.ports import MAILBOX_HOST
from ivr.host.settings import Settings
from pictures.errors import PictureError

_IS_UP: Final = "Ctrl-C stops all of it"
_START_S: Final = 600.0
"""The first start builds a root file system with Asterisk."""
_STOP_S: Final = 60.0
_POLL_S: Final = 0.1


class Product:
    """A context manager: the product runs within it.

    Args:
        directory: where it keeps its files; must be there, and for it alone.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._state = directory / "state"
        self._shown = directory / "shown"
        self._program = Path(sys.executable).with_name("ivr")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            PictureError: it did not come up.
        """
        with self._shown.open("wb") as shown:
            self._process = subprocess.Popen(
                [self._program, "up"],
                env=self._environment,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=shown,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_it_is_up(self._process)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()  # its Asterisk and its console end with it
            process.wait()

    @property
    def settings(self) -> Settings:
        """The settings that it runs with: its ports among them."""
        return Settings.load(state_dir=self._state)

    @property
    def console(self) -> str:
        """The console's address."""
        settings = self.settings
        return f"http://{settings.console_host}:{settings.console_port}"

    @property
    def site(self) -> str:
        """The settings site's address."""
        settings = self.settings
        return f"http://{settings.portal_host}:{settings.portal_port}"

    async def mails_to(self, address: str) -> list[str]:
        """The texts of the mails that came to an address, the newest first."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{MAILBOX_HOST}:{self.settings.mailbox_port}/mails.json")
        return [str(mail["text"]) for mail in answer.json() if address in mail["to"]]

    @property
    def printed(self) -> str:
        """What it has printed and logged so far."""
        return self._shown.read_text(encoding="utf-8", errors="replace")

    def ivr(self, *words: str, typed: str) -> None:
        """Run a command of the product beside it.

        Args:
            words: the command, without `ivr`.
            typed: what the command reads from standard input.

        Raises:
            PictureError: it failed.
        """
        done = subprocess.run(
            [self._program, *words],
            env=self._environment,
            cwd=self._directory,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PictureError(f"ivr {' '.join(words)} failed: {done.stderr.strip()}")

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "KARIPASS_STATE_DIR": str(self._state)}

    def _wait_until_it_is_up(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + _START_S
        while _IS_UP not in self.printed:
            if process.poll() is not None or time.monotonic() > give_up:
                last = self.printed.strip().splitlines()[-1:]
                raise PictureError(f"ivr up did not start: {''.join(last) or 'no word'}")
            time.sleep(_POLL_S)
