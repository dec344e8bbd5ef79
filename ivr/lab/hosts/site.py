"""The settings site of a host, which serves https by itself."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.lab.hosts.parts import Part
from ivr.lab.program import Program

SITE_PORT: Final = 4577
_SERVES: Final = "portal_serving"
_RENEWED: Final = "certificate_renewed"


class SitePart(Part):
    """The settings site of a host.

    Args:
        environment: the environment of the host's service.
        address: the host's address.
        proxy: the address whose word on its clients the site believes.
        certificate: the files with its certificate and its key.
        log: the file of its log.
        within: words before its command that have it run at the host.
        port: where it listens.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        address: str,
        proxy: str,
        certificate: tuple[Path, Path],
        log: Path,
        within: Sequence[str] = (),
        port: int = SITE_PORT,
    ) -> None:
        chain, key = certificate
        own = {
            "KARIPASS_PORTAL_URL": f"https://{address}:{port}",
            "KARIPASS_PORTAL_HOST": address,
            "KARIPASS_PORTAL_PORT": str(port),
            "KARIPASS_PORTAL_PROXIES": proxy,
            "KARIPASS_PORTAL_CERTIFICATE": str(chain),
            "KARIPASS_PORTAL_KEY": str(key),
        }
        self._program = Program("portal", environment={**environment, **own}, log=log, within=within)

    @property
    def pid(self) -> int | None:
        """The process of `ivr portal`; None if it does not run."""
        return self._program.pid

    def start(self) -> None:
        """Start it, and wait until it serves."""
        if not self.running:
            self._program.start(_SERVES)

    def stop(self) -> None:
        """Let it end in order."""
        self._program.stop()

    def renew(self) -> None:
        """Have it read its certificate again, and wait until it has."""
        self._program.signal(signal.SIGHUP, _RENEWED)
