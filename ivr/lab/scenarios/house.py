"""A house for live scenarios: an Asterisk and the service beside it, on free ports, in a directory of their own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.process import Exchange, ExchangeConfig, ExchangeError
from ivr.exchange.standalone import SOUNDS_DIR
from ivr.host.settings import Settings

ACCESS_NUMBER: Final = "0363044747"
PHONE_HOST: Final = "127.0.0.7"
"""The address that the telephones of scenarios call from: a trunk to this exchange, and to no other."""
_RTP_PORTS: Final = 400
_FIRST_PORT: Final = 23000
_LAST_PORT: Final = 32000
"""Below the ports that Linux gives to whoever asks for any."""
_START_S: Final = 30.0
_STOP_S: Final = 30.0
_POLL_S: Final = 0.05
_HOST: Final = "127.0.0.1"


class ScenarioHouse:
    """A context manager.

    Args:
        directory: where it keeps its files; must be there, and for it alone.
        limits: limits of the dialogue that differ from the default, by name.
    """

    def __init__(self, directory: Path, limits: Mapping[str, float]) -> None:
        self._directory = directory
        self._state = directory / "state"
        self._log = directory / "service.log"
        names = [name for name in Settings.model_fields if name.endswith("_port") and name != "sip_port"]
        ports = dict(zip(names, free_tcp_ports(len(names)), strict=True))
        self.sip_port, rtp_first = free_udp_ports(_RTP_PORTS)
        agi_secret = secrets.token_urlsafe(24)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")},
            "KARIPASS_STATE_DIR": str(self._state),
            "KARIPASS_ACCESS_NUMBER": ACCESS_NUMBER,
            **{f"KARIPASS_{name.upper()}": str(port) for name, port in ports.items()},
            "KARIPASS_AGI_SECRET": agi_secret,
            "KARIPASS_AMI_SECRET": (ami_secret := secrets.token_urlsafe(24)),
            "KARIPASS_STOP_S": "1",
            **{f"KARIPASS_{name.upper()}": f"{value:g}" for name, value in limits.items()},
        }
        self._exchange = Exchange(
            ExchangeConfig(
                run_dir=directory / "exchange",
                access_number=ACCESS_NUMBER,
                sounds_dir=SOUNDS_DIR,
                ami_secret=ami_secret,
                agi_port=ports["agi_port"],
                agi_secret=agi_secret,
                sip_port=self.sip_port,
                rtp_ports=(rtp_first, rtp_first + _RTP_PORTS - 1),
                ami_port=ports["ami_port"],
                trunks=(PHONE_HOST,),
            )
        )
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start Asterisk and the service.

        Raises:
            ExchangeError: one of them did not come up.
        """
        self._state.mkdir(mode=0o700)
        self._exchange.start()
        try:
            self._start_service()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        if self._service is not None:
            self._service.terminate()
            try:
                self._service.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._service.kill()
                self._service.wait()
        self._exchange.stop()

    def store(self) -> CredentialStore:
        """The store that the service uses."""
        return CredentialStore.open(f"sqlite:///{self._state / 'store.db'}", key=Key.from_file(self._state / "key"))

    @property
    def log_length(self) -> int:
        """How many bytes the service has logged."""
        return self._log.stat().st_size

    def logged_since(self, length: int) -> Iterator[dict[str, Any]]:
        """What the service has logged since it had logged so many bytes, as objects."""
        with self._log.open("rb") as log:
            log.seek(length)
            for line in log:
                if line.startswith(b"{") and line.endswith(b"}\n"):
                    yield json.loads(line)

    def _start_service(self) -> None:
        with self._log.open("ab") as log:
            self._service = subprocess.Popen(
                [sys.executable, "-c", "from ivr.cli import app; app()", "serve", "--log-json"],
                env=self._environment,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + _START_S
        while not any(record.get("event") == "serving" for record in self.logged_since(0)):
            if self._service.poll() is not None or time.monotonic() > give_up:
                last = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                raise ExchangeError(f"the service for the scenarios did not start: {''.join(last) or 'no word'}")
            time.sleep(_POLL_S)


def free_tcp_ports(count: int) -> list[int]:
    """Free TCP ports on the loopback interface."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((_HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_udp_ports(count: int) -> tuple[int, int]:
    """A free port for SIP, and the first (even) of a free range of so many for audio behind it.

    Raises:
        ExchangeError: there is none.
    """
    for first in range(_FIRST_PORT, _LAST_PORT, count + 100):
        probes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count + 2)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("", first + offset))  # Asterisk takes audio ports on all addresses
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first, first + 2
    raise ExchangeError(f"there is no free range of {count} UDP ports between {_FIRST_PORT} and {_LAST_PORT}")
