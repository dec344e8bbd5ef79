"""A whole house for a live test: an Asterisk, the service beside it, lines, phones, and the search for secrets."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from credentials.model import LoginVerdict
from ivr.exchange.configuration import Phone
from ivr.lab.house import ACCESS_NUMBER
from ivr.lab.house import House as LabHouse
from prompts import home, load_catalogue
from tests.live.brisk import LANGUAGE, write_brisk_guidance
from tests.live.callers.phone import SippPhone

TRUNK_HOST = "127.0.0.2"
PHONE_HOST = "127.0.0.3"
PHONE_NUMBER = "0312345678"
PHONE_SECRET = "not-a-password-of-anyone"

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


class House(LabHouse):
    """A house with lines, a trunk, and a SIP phone, on which secrets can be searched for.

    Args:
        directory: where it keeps its files.
        service: whether there is a service, or Asterisk alone.
        settings: the service's settings.
        brisk: whether its guidance takes a third of the time that it takes callers of the product.
        database_url: as for the lab's house.
        lines: the lines that it has, as a lines file; "" for those that its store has already.

    Attributes:
        guidance: the guidance that callers hear.
    """

    def __init__(
        self,
        directory: Path,
        *,
        service: bool = True,
        settings: Mapping[str, str] = MappingProxyType({}),
        brisk: bool = True,
        database_url: str = "",
        lines: str = LINES,
    ) -> None:
        own = directory / "guidance"
        self.guidance = write_brisk_guidance(own) if brisk else load_catalogue(LANGUAGE)
        super().__init__(
            directory,
            settings={"KARIPASS_PROMPTS_DIR": str(own), **settings},
            trunks=(TRUNK_HOST,),
            phones=(Phone(number=PHONE_NUMBER, secret=PHONE_SECRET),),
            sounds=home(LANGUAGE, own) / "audio",
            log_level="debug",
            database_url=database_url,
        )
        self._lines = lines
        self.has_service = service
        self._log_mark = 0

    def __enter__(self) -> Self:
        if self._lines:
            self.import_lines(self._lines)
        return super().__enter__()

    def start_service(self) -> None:
        if self.has_service:
            self.mark_log()
            super().start_service()

    # --- its log --------------------------------------------------------------------------------------------

    def mark_log(self) -> None:
        """Make `wait_for_log` look only at what is logged from here on."""
        self._log_mark = self.log_length

    def wait_for_log(self, text: bytes, *, patience_s: float = 20.0) -> None:
        """Wait until the running service has logged a text since the last mark (or its start)."""
        give_up = time.monotonic() + patience_s
        while text not in self.service_log()[self._log_mark :]:
            if not self.service_runs or time.monotonic() > give_up:
                raise RuntimeError(f"the service did not log {text!r}: {self.service_log()[-800:]!r}")
            time.sleep(0.02)

    def service_log(self) -> bytes:
        path = self.directory / "service.log"
        return path.read_bytes() if path.exists() else b""

    def complaints(self) -> str:
        """The warnings of the service, a line each."""
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
        """Find where one of the texts is: files of the house (logs, store, Asterisk's directory), command lines."""
        needles = [text.encode() for text in texts]
        files = [path for path in sorted(self.directory.rglob("*")) if path.is_file()]
        command_lines = sorted(Path("/proc").glob("[0-9]*/cmdline"))
        return [str(path) for path in files + command_lines if any(needle in contents(path) for needle in needles)]


def contents(path: Path) -> bytes:
    """The content of a file; nothing if it has gone meanwhile, as a process's command line does."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def ivr_command() -> str:
    return str(Path(sys.executable).with_name("ivr"))
