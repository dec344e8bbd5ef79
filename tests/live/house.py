"""The whole house for a live test: an Asterisk, the service beside it, lines, phones, and the search for secrets."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from credentials.model import LoginVerdict
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.process import Exchange, ExchangeConfig, Phone
from ivr.lab.scenarios.house import free_tcp_ports, free_udp_ports
from tests.live.callers.phone import SippPhone
from tests.repository import ROOT

ACCESS_NUMBER = "0363044747"
TRUNK_HOST = "127.0.0.2"
PHONE_HOST = "127.0.0.3"
PHONE_NUMBER = "0312345678"
PHONE_SECRET = "not-a-password-of-anyone"
AGI_SECRET = "known-to-the-dialplan-alone"
AMI_SECRET = "only-for-this-test-run"
SOUNDS = ROOT / "prompts" / "audio"

LINES = """contract_number,number
0312345678,0312345679
0312345678,0312345680
0661234567,0661234568
"""


def new_password() -> str:
    """Eight random digits that a clock or a serial number will not show by chance; no key twice in a row."""
    digits = [secrets.choice("0123456789")]
    while len(digits) < 8:
        digits.append(secrets.choice([digit for digit in "0123456789" if digit != digits[-1]]))
    return "".join(digits)


class House:
    """Asterisk and the service on ports of their own, in one directory."""

    def __init__(
        self, directory: Path, *, service: bool = True, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.state.mkdir(mode=0o700)
        self.agi_port, self.audiosocket_port, self.ami_port, self.health_port = free_tcp_ports(4)
        self.sip_port, rtp_first = free_udp_ports(400)
        self.environment = {
            **os.environ,
            "KARIPASS_STATE_DIR": str(self.state),
            "KARIPASS_AGI_PORT": str(self.agi_port),
            "KARIPASS_AUDIOSOCKET_PORT": str(self.audiosocket_port),
            "KARIPASS_AMI_PORT": str(self.ami_port),
            "KARIPASS_HEALTH_PORT": str(self.health_port),
            "KARIPASS_AMI_SECRET": AMI_SECRET,
            "KARIPASS_AGI_SECRET": AGI_SECRET,
            "KARIPASS_ACCESS_NUMBER": ACCESS_NUMBER,
            **settings,
        }
        self.exchange = Exchange(
            ExchangeConfig(
                run_dir=directory / "exchange",
                access_number=ACCESS_NUMBER,
                sounds_dir=SOUNDS,
                ami_secret=AMI_SECRET,
                agi_port=self.agi_port,
                agi_secret=AGI_SECRET,
                sip_port=self.sip_port,
                rtp_ports=(rtp_first, rtp_first + 399),
                ami_port=self.ami_port,
                trunks=(TRUNK_HOST,),
                phones=(Phone(number=PHONE_NUMBER, secret=PHONE_SECRET),),
            )
        )
        self.has_service = service
        self._service: subprocess.Popen[bytes] | None = None
        self._log_mark = 0

    def __enter__(self) -> Self:
        self.import_lines(LINES)
        self.exchange.start()
        try:
            if self.has_service:
                self.start_service()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_service()
        self.exchange.stop()

    # --- the service ----------------------------------------------------------------------------------------

    def start_service(self) -> None:
        self.mark_log()
        log = (self.directory / "service.log").open("ab")
        self._service = subprocess.Popen(
            [ivr_command(), "serve", "--log-level", "debug"],
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
        )
        log.close()
        self.wait_for_log(b'"serving"', patience_s=120.0)  # its first start compiles the receiver

    def mark_log(self) -> None:
        """From here on is what `wait_for_log` looks at."""
        self._log_mark = len(self.service_log())

    def wait_for_log(self, text: bytes, *, patience_s: float = 20.0) -> None:
        """Wait until the running service has logged a text since the last mark (or its start)."""
        give_up = time.monotonic() + patience_s
        while text not in self.service_log()[self._log_mark :]:
            if self._service is None or self._service.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the service did not log {text!r}: {self.service_log()[-800:]!r}")
            time.sleep(0.02)

    def stop_service(self, number: int = signal.SIGTERM) -> int | None:
        """Stop the service; returns its exit status, None if there was none."""
        if self._service is not None:
            self._service.send_signal(number)
        return self.wait_for_service()

    def wait_for_service(self) -> int | None:
        """Wait until the service has ended by itself; returns its exit status, None if there was none."""
        service, self._service = self._service, None
        return None if service is None else service.wait(60)

    def signal_service(self, number: int) -> None:
        assert self._service is not None
        self._service.send_signal(number)

    def service_log(self) -> bytes:
        path = self.directory / "service.log"
        return path.read_bytes() if path.exists() else b""

    def complaints(self) -> str:
        """What the service has warned of, a line each."""
        lines = self.service_log().decode(errors="replace").splitlines()
        return "\n".join(line for line in lines if '"level": "warning"' in line or '"level": "error"' in line)

    # --- phones and lines -----------------------------------------------------------------------------------

    @property
    def trunk(self) -> SippPhone:
        """A carrier's gateway: an address that the exchange trusts."""
        return SippPhone(exchange=("127.0.0.1", self.sip_port), access_number=ACCESS_NUMBER, host=TRUNK_HOST)

    @property
    def phone(self) -> SippPhone:
        """A telephone on a desk: an address that means nothing."""
        return SippPhone(exchange=("127.0.0.1", self.sip_port), access_number=ACCESS_NUMBER, host=PHONE_HOST)

    def store(self) -> CredentialStore:
        return CredentialStore.open(f"sqlite:///{self.state / 'store.db'}", key=Key.from_file(self.state / "key"))

    def import_lines(self, text: str) -> None:
        path = self.directory / "lines.csv"
        path.write_text(text, encoding="utf-8")
        with self.store() as store:
            store.import_lines(path)

    def check(self, number: str, password: str) -> LoginVerdict:
        with self.store() as store:
            return store.log_in(number, password, session_id="test").verdict

    def ivr(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the `ivr` command in this house."""
        return subprocess.run(
            [ivr_command(), *words],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=check,
        )

    # --- secrets --------------------------------------------------------------------------------------------

    def places_with(self, texts: Sequence[str]) -> list[str]:
        """Where one of the texts is: files of the house (all logs, the store, Asterisk's directory), command lines."""
        needles = [text.encode() for text in texts]
        files = [path for path in sorted(self.directory.rglob("*")) if path.is_file()]
        command_lines = sorted(Path("/proc").glob("[0-9]*/cmdline"))
        return [str(path) for path in files + command_lines if any(needle in contents(path) for needle in needles)]


def contents(path: Path) -> bytes:
    """What a file holds; nothing if it has gone meanwhile, as a process's command line does."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def ivr_command() -> str:
    return str(Path(sys.executable).with_name("ivr"))
