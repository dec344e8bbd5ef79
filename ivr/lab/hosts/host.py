"""One host of a house: an Asterisk, and the service beside it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ivr.exchange.process import Exchange, ExchangeConfig
from ivr.lab.hosts.clock import HostClock
from ivr.lab.hosts.network import Network
from ivr.lab.hosts.parts import Part
from ivr.lab.hosts.proxy import NODE as PROXY
from ivr.lab.hosts.proxy import SIP_PORT
from ivr.lab.hosts.site import SitePart
from ivr.lab.service_process import ServiceProcess

AGI_PORT: Final = 4573
_FIRST_RTP_PORT: Final = 10000
_RTP_PORTS: Final = 2000
_CALL_CAP_S: Final = 480
"""As operators have it (dialplan/karipass/extensions.conf)."""
_PROCESSED: Final = re.compile(r"(\d+) calls? processed")
_ACTIVE: Final = re.compile(r"(\d+) active calls?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all hosts of a house have in common.

    Attributes:
        access_number: the number that callers dial.
        database_url: the URL of the store, as the hosts reach it.
        key_file: the store's key.
        agi_secret: the secret of the Asterisks and the services.
        ami_secret: that of the Asterisks' manager interfaces.
        settings: settings of the services that differ from the default, as their environment has them.
        sounds: where the Asterisks' apologies are (`ExchangeConfig.sounds_dir`).
        certificate: the files with the certificate and the key of the hosts' settings sites; None without sites.
        site_proxy: the address through which subscribers reach those sites.
        wrong_clocks: whether the hosts' clocks can be set.
    """

    access_number: str
    database_url: str
    key_file: Path
    agi_secret: str = field(repr=False)
    ami_secret: str = field(repr=False)
    settings: Mapping[str, str]
    sounds: Path
    certificate: tuple[Path, Path] | None = None
    site_proxy: str = ""
    wrong_clocks: bool = False


class ServicePart(Part):
    """The service of a host."""

    def __init__(self, process: ServiceProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int | None:
        """The process of `ivr serve`; None if it does not run."""
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it takes calls."""
        if not self.running:
            self._process.start()

    def begin_start(self) -> None:
        """Start it, and do not wait; `wait` does."""
        self._process.spawn()

    def wait(self) -> None:
        """Wait until it takes calls.

        Raises:
            ExchangeError: it did not come up.
        """
        self._process.wait_until_serving()

    def stop(self) -> None:
        """Let its calls end, and then itself."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def reload(self) -> None:
        """Have new workers take over, with the program as it is installed now, and wait until they have."""
        before = self._process.log_length
        self._process.send_signal(signal.SIGHUP)
        self._process.wait_for_event("workers_replaced", since=before)

    @property
    def calls(self) -> int:
        """How many calls it has taken since the house began."""
        return sum(record.get("event") == "call_began" for record in self.logged())

    def logged(self) -> Iterator[dict[str, Any]]:
        """Read what it has logged since the house began."""
        return self._process.logged_since(0)


class ExchangePart(Part):
    """The Asterisk of a host."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def audio_ports(self) -> tuple[int, int]:
        """The first and the last of its ports for audio."""
        return self._exchange.config.rtp_ports

    @property
    def pid(self) -> int | None:
        """Asterisk's process; None if it does not run."""
        return self._exchange.pid

    def start(self) -> None:
        """Start it, and wait until it takes calls."""
        self._exchange.start()

    def stop(self) -> None:
        """Stop it, and every call on it."""
        self._exchange.stop()

    @property
    def calls(self) -> int:
        """How many calls it has had since it started."""
        return self._count(_PROCESSED)

    @property
    def calls_now(self) -> int:
        """How many calls it has now."""
        return self._count(_ACTIVE)

    def command(self, text: str) -> str:
        """Run one command of Asterisk's command line (`Exchange.command`)."""
        return self._exchange.command(text)

    def _count(self, pattern: re.Pattern[str]) -> int:
        found = pattern.search(self._exchange.command("core show channels count"))
        return int(found[1]) if found else 0


class Host:
    """A host.

    Args:
        network: where its node is.
        name: the node.
        others: the nodes of the other hosts, whose services its Asterisk asks after its own.
        directory: where it keeps its files; is made.
        shared: what all hosts have in common.

    Attributes:
        name: its name, which is also its node's.
        exchange, service: its parts.
        site: its settings site; None if it has none.
        clock: the clock that its service and its site see; None if it cannot be set.
        state: the state directory of its programs.
        environment: the environment of its service, and of commands that belong to it.
        within: the words before a command that have it run at this host.
    """

    def __init__(self, network: Network, name: str, others: Sequence[str], directory: Path, shared: Shared) -> None:
        self.name = name
        self.within = network.within(name)
        address = network.address(name)
        self.state = directory / "state"
        self.state.mkdir(mode=0o700, parents=True)
        self.clock = HostClock(directory) if shared.wrong_clocks else None
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("KARIPASS_")},
            "KARIPASS_STATE_DIR": str(self.state),
            "KARIPASS_DATABASE_URL": shared.database_url,
            "KARIPASS_KEY_FILE": str(shared.key_file),
            "KARIPASS_ACCESS_NUMBER": shared.access_number,
            "KARIPASS_AGI_SECRET": shared.agi_secret,
            "KARIPASS_AMI_SECRET": shared.ami_secret,
            "KARIPASS_AGI_HOST": address,
            "KARIPASS_AUDIOSOCKET_HOST": address,
            "KARIPASS_HEALTH_HOST": address,
            "KARIPASS_WORKERS": "1",
            **shared.settings,
            **({} if self.clock is None else self.clock.environment),
        }
        self.exchange = ExchangePart(
            Exchange(
                ExchangeConfig(
                    name=f"karipass-{name}",
                    run_dir=directory / "exchange",
                    access_number=shared.access_number,
                    call_cap_s=_CALL_CAP_S,
                    sounds_dir=shared.sounds,
                    ami_secret=shared.ami_secret,
                    agi_host=address,
                    agi_port=AGI_PORT,
                    more_agi=[(network.address(other), AGI_PORT) for other in others],
                    agi_secret=shared.agi_secret,
                    sip_host=address,
                    sip_port=SIP_PORT,
                    rtp_ports=_rtp_ports(network, name),
                    trunks=(network.address(PROXY),),
                ),
                within=self.within,
            )
        )
        self.service = ServicePart(
            ServiceProcess(self.environment, directory=directory, log=directory / "service.log", within=self.within)
        )
        self.site: SitePart | None = None
        if shared.certificate is not None:
            self.site = SitePart(
                self.environment,
                address=address,
                proxy=shared.site_proxy,
                certificate=shared.certificate,
                within=self.within,
                log=directory / "site.log",
            )

    @property
    def parts(self) -> Mapping[str, Part]:
        """All its programs by name."""
        found: dict[str, Part] = {"exchange": self.exchange, "service": self.service}
        return found if self.site is None else {**found, "site": self.site}


def _rtp_ports(network: Network, node: str) -> tuple[int, int]:
    """Give each host ports of its own: a crowd of callers tells calls apart by them."""
    first = _FIRST_RTP_PORT + _RTP_PORTS * network.place(node)
    return first, first + _RTP_PORTS - 1
