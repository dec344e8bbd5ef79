"""The settings site with its mails as processes of their own, and all that they write in one directory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx

from credentials.secrets.keys import KeyRing
from credentials.store import CredentialStore
from ivr.lab.free_ports import free_tcp_ports

T = TypeVar("T")
_PATIENCE_S: Final = 40.0
_DEBUG: Final = ("--log-level", "debug")
_FAILING: Final = Path(__file__).with_name("failing_site.py")


class Processes:
    """`ivr portal`, `ivr mail` and `ivr mailbox` on one store; all end with the context.

    Args:
        directory: keeps the store, the logs and what commands print; an empty one.

    Attributes:
        site: the site's address.
        health: the address of its health and metrics.
        failing: while this file is there, pages fail.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.failing = directory / "failing"
        self._state = directory / "state"
        self._state.mkdir()
        portal, health, page, smtp = free_tcp_ports(4)
        self.site, self.health = f"http://127.0.0.1:{portal}", f"http://127.0.0.1:{health}"
        self._mails = f"http://127.0.0.1:{page}/mails.json"
        self.file = self._state / "store.db"
        self.url = f"sqlite:///{self.file}?timeout=1"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")}
        self._environment = kept | {
            "KARIPASS_STATE_DIR": str(self._state),
            "KARIPASS_DATABASE_URL": self.url,
            "KARIPASS_PORTAL_PORT": str(portal),
            "KARIPASS_PORTAL_HEALTH_PORT": str(health),
            "KARIPASS_PORTAL_PROXIES": "127.0.0.1",
            "KARIPASS_MAILBOX_PORT": str(page),
            "KARIPASS_MAILBOX_SMTP_PORT": str(smtp),
            "KARIPASS_SMTP_HOST": "127.0.0.1",
            "KARIPASS_SMTP_PORT": str(smtp),
            "KARIPASS_SMTP_SECURITY": "none",
            "KARIPASS_MAIL_FROM": "Karipass <no-reply@karipass.example.jp>",
            "KARIPASS_MAILS_OF_A_NUMBER": "1000/1d",
            "KARIPASS_MAILS_OF_AN_ADDRESS": "1000/1d",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start("portal", [str(_FAILING), str(self.failing), *_DEBUG])
            self.start_mailbox()
            self._start("mail", ["-m", "ivr", "mail", *_DEBUG])
            until(lambda: _answer(f"{self.site}/healthz"))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._running):
            self._stop(name)
        self._logs.close()

    def store(self) -> CredentialStore:
        """Open the store beside the processes."""
        return CredentialStore.open(self.url, key=KeyRing.from_file(self._state / "key"))

    def start_mailbox(self) -> None:
        """Start the mail server; it knows nothing of earlier mails."""
        self._start("mailbox", ["-m", "ivr", "mailbox", *_DEBUG])
        until(lambda: _answer(self._mails))

    def stop_mailbox(self) -> None:
        """Let the mail server be away."""
        self._stop("mailbox")

    def mailed(self, what: str, *, after: int = 0) -> str:
        """Wait for a mail with something that a pattern finds, among those after the first `after`."""

        def found() -> str | None:
            mails = self.mails()
            texts = [mail["text"] for mail in mails[: len(mails) - after]]  # the newest comes first
            return next((match[1] for text in texts if (match := re.search(what, text))), None)

        return until(found)

    def mails(self) -> list[dict[str, str]]:
        """Return the mails that the mail server has got, the newest first."""
        answer = _answer(self._mails)
        mails: list[dict[str, str]] = [] if answer is None else answer.json()
        return mails

    def log(self, name: str) -> str:
        """Return what a process has printed and logged so far."""
        return (self.directory / f"{name}.log").read_text(encoding="utf-8")

    def ivr(self, *words: str) -> None:
        """Run a command of an operator, and keep what it prints."""
        with (self.directory / "commands.log").open("ab") as shown:
            words = (sys.executable, "-m", "ivr", *words)
            subprocess.run(words, env=self._environment, stdout=shown, stderr=shown, timeout=120, check=True)

    def keep(self, name: str, content: str) -> None:
        """Keep what a page shows to somebody else."""
        (self.directory / name).write_text(content, encoding="utf-8")

    def places_with(self, texts: Sequence[str]) -> list[str]:
        """Find where one of the texts is: in files, in command lines, in the environment of the processes."""
        needles = [text.encode() for text in texts]
        running = [Path(f"/proc/{process.pid}/environ") for process in self._running.values()]
        files = [path for path in sorted(self.directory.rglob("*")) if path.is_file()]
        places = [*files, *sorted(Path("/proc").glob("[0-9]*/cmdline")), *running]
        return [str(place) for place in places if any(needle in _content(place) for needle in needles)]

    def _start(self, name: str, words: Sequence[str]) -> None:
        log = self._logs.enter_context((self.directory / f"{name}.log").open("ab"))
        self._running[name] = subprocess.Popen(
            [sys.executable, *words], env=self._environment, stdout=log, stderr=subprocess.STDOUT
        )

    def _stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=_PATIENCE_S)


def until(found: Callable[[], T | None]) -> T:
    """Wait until something is found."""
    give_up = time.monotonic() + _PATIENCE_S
    while (answer := found()) is None:
        assert time.monotonic() < give_up, "what was waited for does not come"
        time.sleep(0.05)
    return answer


def _answer(address: str) -> httpx.Response | None:
    try:
        answer = httpx.get(address, trust_env=False)
    except httpx.TransportError:
        return None
    return answer if answer.is_success else None


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return b""
