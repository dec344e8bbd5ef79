"""The SIP proxy of a house: Kamailio with the product's own configuration (dialplan/kamailio), and a site's files."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.exchange.configuration import DIALPLAN_DIR
from ivr.exchange.process import ExchangeError
from ivr.host.processes import bare_environment
from ivr.lab.hosts.network import Network
from ivr.lab.hosts.parts import Part

NODE: Final = "proxy"
SIP_PORT: Final = 5060
_SOURCE: Final = DIALPLAN_DIR / "kamailio"
_START_S: Final = 15.0
_STOP_S: Final = 10.0
_POLL_S: Final = 0.05
_TARGET: Final = re.compile(r"URI: (\S+)\s+FLAGS: (\S+)")
_SBIN: Final = "/usr/sbin:/usr/local/sbin"


class Proxy(Part):
    """The proxy.

    Args:
        network: where its node is, and those of the hosts and trunks.
        directory: where it keeps its files; is made.
        hosts: the nodes whose Asterisks take calls.
        trunks: the nodes that are trusted.
        calls_of_a_host: how many calls each Asterisk may have.
    """

    def __init__(
        self, network: Network, directory: Path, *, hosts: Sequence[str], trunks: Sequence[str], calls_of_a_host: int
    ) -> None:
        self._network = network
        self._directory = directory
        self._uris = {host: f"sip:{network.address(host)}:{SIP_PORT}" for host in hosts}
        self._trunks = [network.address(trunk) for trunk in trunks]
        self._calls = calls_of_a_host
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it takes calls."""
        return self._network.address(NODE), SIP_PORT

    @property
    def log(self) -> Path:
        """The file of its log."""
        return self._directory / "kamailio.log"

    @property
    def pid(self) -> int | None:
        """Its first process; None if it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, and wait until it has found every Asterisk that answers."""
        if self.running:
            return
        self._write()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the proxy's own program
                [
                    *self._network.within(NODE),
                    *(_program("kamailio"), "-DD", "-E", "-m", "64", "-M", "8"),
                    *("-f", str(self._directory / "kamailio.cfg"), "-w", str(self._directory)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                env=bare_environment(),
            )
        give_up = time.monotonic() + _START_S
        while not self._answers():
            if not self.running or time.monotonic() > give_up:
                raise ExchangeError(f"Kamailio did not start: {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop it."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- its Asterisks --------------------------------------------------------------------------------------

    def states(self) -> Mapping[str, str]:
        """The state of each host's Asterisk, as Kamailio's `dispatcher.list` has it.

        The first letter is A for one that gets calls, I for one that does not answer, T for one that is being tried, D
        for one that is drained; the second is P if it is asked whether it lives.
        """
        found = dict(_TARGET.findall(self.command("dispatcher.list")))
        return {host: found.get(uri, "") for host, uri in self._uris.items()}

    def gives_calls_to(self, host: str) -> bool:
        """Whether a host's Asterisk gets calls."""
        return self.states()[host].startswith("A")

    def drain(self, host: str) -> None:
        """Give a host's Asterisk no new calls, until `fill`; docs/many-hosts.md has the command."""
        self.command("dispatcher.set_state", "d", "1", self._uris[host])

    def fill(self, host: str) -> None:
        """Give it calls again."""
        self.command("dispatcher.set_state", "ap", "1", self._uris[host])

    def command(self, *words: str) -> str:
        """Run a command of kamcmd; returns what it printed.

        Raises:
            ExchangeError: Kamailio did not take it.
        """
        done = subprocess.run(  # noqa: S603 - the proxy's own program
            [_program("kamcmd"), "-s", self._control, *words], capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or done.stdout.startswith("error:"):
            raise ExchangeError(f"Kamailio did not take {' '.join(words)!r}: {(done.stdout + done.stderr).strip()}")
        return done.stdout

    def _answers(self) -> bool:
        try:
            return all(state for state in self.states().values())
        except ExchangeError:
            return False

    # --- its files ------------------------------------------------------------------------------------------

    @property
    def _control(self) -> str:
        return f"unix:{self._directory / 'control'}"

    def _write(self) -> None:
        self._directory.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(_SOURCE / "kamailio.cfg", self._directory)
        site = (_SOURCE / "site.cfg").read_text(encoding="utf-8")
        site = re.sub(r"(?m)^listen=.*", f"listen=udp:{self.address[0]}:{SIP_PORT}", site)
        site = site.replace("/etc/kamailio", str(self._directory))
        site = re.sub(r'(?<=CONTROL_SOCKET )".*"', f'"{self._control}"', site)
        asterisks = [f"1 {uri} 0 0 duid={host};maxload={self._calls}" for host, uri in self._uris.items()]
        trunks = [f"1 {trunk} 32 0 trunk" for trunk in self._trunks]
        for name, text in {
            "site.cfg": site,
            "dispatcher.list": "\n".join(asterisks) + "\n",
            "trunks.list": "\n".join(trunks) + "\n",
        }.items():
            (self._directory / name).write_text(text, encoding="utf-8")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_SBIN)
    if found is None:
        raise ExchangeError(f"{name} is missing: install Debian's package kamailio")
    return found
