"""The settings site of a host, which serves https by itself, and people who log in there all the time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.exchange.process import ExchangeError
from ivr.lab.hosts.parts import Part
from ivr.lab.service_process import IVR

SITE_PORT: Final = 4577
_SERVES: Final = b"portal_serving"
_RENEWED: Final = b"certificate_renewed"
_WITHIN_S: Final = 60.0
_POLL_S: Final = 0.05


class SitePart(Part):
    """The settings site of a host.

    Args:
        environment: the environment of the host's service.
        address: the host's address.
        proxy: the address whose word on its clients the site believes.
        certificate: the files with its certificate and its key.
        within: words before its command that have it run at the host.
        log: the file of its log.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        address: str,
        proxy: str,
        certificate: tuple[Path, Path],
        within: Sequence[str],
        log: Path,
    ) -> None:
        chain, key = certificate
        self._environment = {
            **environment,
            "KARIPASS_PORTAL_URL": f"https://{address}:{SITE_PORT}",
            "KARIPASS_PORTAL_HOST": address,
            "KARIPASS_PORTAL_PORT": str(SITE_PORT),
            "KARIPASS_PORTAL_PROXIES": proxy,
            "KARIPASS_PORTAL_CERTIFICATE": str(chain),
            "KARIPASS_PORTAL_KEY": str(key),
        }
        self._within = tuple(within)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process of `ivr portal`; None if it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        if self.running:
            return
        before = self._log_length
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*self._within, *IVR, "portal"],
                env=self._environment,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us, who stop it in order
            )
        self._wait_for(_SERVES, before)

    def stop(self) -> None:
        """Let it end in order."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()

    def renew(self) -> None:
        """Have it read its certificate again, and wait until it has."""
        if (pid := self.pid) is not None:
            before = self._log_length
            os.kill(pid, signal.SIGHUP)
            self._wait_for(_RENEWED, before)

    @property
    def _log_length(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _wait_for(self, event: bytes, since: int) -> None:
        give_up = time.monotonic() + _WITHIN_S
        while event not in (said := self._log.read_bytes()[since:]):
            if not self.running or time.monotonic() > give_up:
                raise ExchangeError(f"a settings site did not log {event.decode()}: {said.decode()[-300:]}")
            time.sleep(_POLL_S)
