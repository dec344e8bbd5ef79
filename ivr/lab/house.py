"""A house to call: an Asterisk and the service beside it, on free ports, in a directory of their own."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.configuration import Phone
from ivr.exchange.process import Exchange, ExchangeConfig
from ivr.exchange.standalone import SOUNDS_DIR
from ivr.host.settings import Settings
from ivr.lab.free_ports import free_tcp_ports, free_udp_ports
from ivr.lab.service_process import ServiceProcess

ACCESS_NUMBER: Final = "0363044747"
_AUDIO_PORTS: Final = 400


class House:
    """Starts Asterisk and the service, and stops them; a context manager.

    Args:
        directory: where the house keeps its files; must exist, and be for this house alone.
        settings: settings of the service that differ from the default, as its environment has them.
        trunks: addresses that calls come from, which Asterisk trusts.
        phones: SIP phones that may register.
        sounds: Asterisk's sounds, in which its apology is (`ExchangeConfig.sounds_dir`).
        log_level: the least important lines that the service logs.
        audio_ports: how many ports Asterisk has for audio; a call takes two.
        has_exchange: whether there is an Asterisk, or the service alone.
        database_url: the URL of its store; by default a file in its state directory.

    Attributes:
        directory, state: the house's directory, and the service's within it.
        store_url: the URL of its store.
        ports: the service's ports, by the names of its settings.
        sip_port: Asterisk's port for calls (UDP).
        agi_secret, ami_secret: the secrets that Asterisk and the service share.
        environment: the environment of the service, and of commands that belong to it.
        exchange: its Asterisk.
    """

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        trunks: Sequence[str],
        phones: Sequence[Phone] = (),
        sounds: Path = SOUNDS_DIR,
        log_level: str = "info",
        audio_ports: int = _AUDIO_PORTS,
        has_exchange: bool = True,
        database_url: str = "",
    ) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.state.mkdir(mode=0o700)
        self.store_url = database_url or _file_url(self.state)
        names = [name for name in Settings.model_fields if name.endswith("_port") and name != "sip_port"]
        self.ports = dict(zip(names, free_tcp_ports(len(names)), strict=True))
        self.sip_port, rtp_first = free_udp_ports(audio_ports)
        self.agi_secret, self.ami_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")},
            "KARIPASS_STATE_DIR": str(self.state),
            "KARIPASS_ACCESS_NUMBER": ACCESS_NUMBER,
            **{f"KARIPASS_{name.upper()}": str(port) for name, port in self.ports.items()},
            "KARIPASS_AGI_SECRET": self.agi_secret,
            "KARIPASS_AMI_SECRET": self.ami_secret,
            **({"KARIPASS_DATABASE_URL": database_url} if database_url else {}),
            **settings,
        }
        self.exchange = Exchange(
            ExchangeConfig(
                run_dir=directory / "exchange",
                access_number=ACCESS_NUMBER,
                sounds_dir=sounds,
                ami_secret=self.ami_secret,
                agi_port=self.ports["agi_port"],
                agi_secret=self.agi_secret,
                sip_port=self.sip_port,
                rtp_ports=(rtp_first, rtp_first + audio_ports - 1),
                ami_port=self.ports["ami_port"],
                trunks=tuple(trunks),
                phones=tuple(phones),
            )
        )
        self._has_exchange = has_exchange
        self._service = ServiceProcess(
            self.environment, directory=directory, log=directory / "service.log", log_level=log_level
        )

    def __enter__(self) -> Self:
        """Start Asterisk and the service.

        Raises:
            ExchangeError: one of them did not come up.
        """
        if self._has_exchange:
            self.exchange.start()
        try:
            self.start_service()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        self.stop_service()
        self.exchange.stop()

    def store(self) -> CredentialStore:
        """Open the store that the service uses."""
        return CredentialStore.open(self.store_url, key=Key.from_file(self.state / "key"))

    # --- the service ----------------------------------------------------------------------------------------

    def start_service(self) -> None:
        """Start the service, and wait until it takes calls.

        Raises:
            ExchangeError: it ended, or did not come up in time.
        """
        self._service.environment = self.environment
        self._service.start()

    @property
    def service_runs(self) -> bool:
        """Whether the service was started and has not ended."""
        return self._service.pid is not None

    @property
    def service_pid(self) -> int | None:
        """The service's process; None if it was not started or has ended."""
        return self._service.pid

    def signal_service(self, number: int) -> None:
        """Send the service a signal, if there is one. Killed, it takes its workers with it: their calls break."""
        self._service.send_signal(number)

    def stop_service(self, number: int = signal.SIGTERM) -> int | None:
        """Stop the service; returns its exit status, None if there was none."""
        self.signal_service(number)
        return self.wait_for_service()

    def wait_for_service(self) -> int | None:
        """Wait until the service has ended; kill it if it does not end. Returns its exit status; None without one."""
        return self._service.wait()

    # --- its log --------------------------------------------------------------------------------------------

    @property
    def log_length(self) -> int:
        """How many octets the service has logged."""
        return self._service.log_length

    def logged_since(self, length: int) -> Iterator[dict[str, Any]]:
        """Read, as objects, what the service has logged after its first `length` octets."""
        return self._service.logged_since(length)


def _file_url(state: Path) -> str:
    """The URL of the database in a house's state directory."""
    return f"sqlite:///{state / 'store.db'}"
