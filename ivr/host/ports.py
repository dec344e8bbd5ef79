"""The ports that an instance listens on, and whether they can be had."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ivr.host.settings import Settings

ASTERISK_HOST: Final = "127.0.0.1"
"""Where our own Asterisk offers its manager interface, whatever `KARIPASS_AMI_HOST` says."""
ANY_HOST: Final = ""
"""Asterisk takes the ports for audio on all addresses."""
_CALLS: Final = ("serve", "up")
_CONSOLE: Final = ("console",)
_MAILBOX: Final = ("mailbox",)
MAILBOX_HOST: Final = "127.0.0.1"
"""Mails hold codes and links: nobody outside of this machine is to read them."""
_PORTAL: Final = ("portal",)
_MAIL: Final = ("mail",)
_NOTICE: Final = ("notice",)
_BOUNCES: Final = ("bounces",)


class Transport(StrEnum):
    """The protocol of a port."""

    TCP = "TCP"
    UDP = "UDP"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that we listen on, or several in a row.

    Attributes:
        name: what it is for.
        host: the address; "" for all of the machine.
        port: its number, or the first one.
        setting: the environment variable that changes it.
        by: commands of ours that may hold it.
        transport: TCP or UDP.
        count: how many in a row.
    """

    name: str
    host: str
    port: int
    setting: str
    by: tuple[str, ...] = _CALLS
    transport: Transport = Transport.TCP
    count: int = 1

    def __str__(self) -> str:
        """The port for people: `FastAGI 127.0.0.1:4573`."""
        return f"{self.name} {self.host}:{self.value}" if self.host else f"{self.name} {self.value}"

    @property
    def field(self) -> str:
        """The name of the setting in `Settings`."""
        return self.setting.removeprefix("KARIPASS_").lower()

    @property
    def value(self) -> str:
        """The setting's value: a number, or FIRST-LAST."""
        return f"{self.port}-{self.port + self.count - 1}" if self.count > 1 else str(self.port)

    @property
    def numbers(self) -> range:
        """All numbers that belong to it."""
        return range(self.port, self.port + self.count)


def service_ports(settings: Settings) -> list[Port]:
    """The ports that the service listens on."""
    audiosocket_host = settings.audiosocket_bind or settings.audiosocket_host
    return [
        Port("FastAGI", settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT"),
        Port("AudioSocket", audiosocket_host, settings.audiosocket_port, "KARIPASS_AUDIOSOCKET_PORT"),
        Port("health", settings.health_host, settings.health_port, "KARIPASS_HEALTH_PORT"),
    ]


def console_port(settings: Settings) -> Port:
    """The port that the console listens on."""
    return Port("console", settings.console_host, settings.console_port, "KARIPASS_CONSOLE_PORT", _CONSOLE)


def mailbox_ports(settings: Settings) -> list[Port]:
    """The ports that the mailbox for trying it out listens on: its page's, and the one that mails come in by."""
    return [
        Port("mailbox", MAILBOX_HOST, settings.mailbox_port, "KARIPASS_MAILBOX_PORT", _MAILBOX),
        Port("mailbox SMTP", MAILBOX_HOST, settings.mailbox_smtp_port, "KARIPASS_MAILBOX_SMTP_PORT", _MAILBOX),
    ]


def portal_port(settings: Settings) -> Port:
    """The port that the settings site listens on."""
    return Port("settings site", settings.portal_host, settings.portal_port, "KARIPASS_PORTAL_PORT", _PORTAL)


def portal_health_port(settings: Settings) -> Port:
    """The port on which the settings site serves its health and its metrics."""
    name, port = "settings site health", settings.portal_health_port
    return Port(name, settings.health_host, port, "KARIPASS_PORTAL_HEALTH_PORT", _PORTAL)


def mail_health_port(settings: Settings) -> Port:
    """The port on which a sender of mails serves its health and its metrics."""
    return Port("mail health", settings.health_host, settings.mail_health_port, "KARIPASS_MAIL_HEALTH_PORT", _MAIL)


def notice_health_port(settings: Settings) -> Port:
    """The port on which the reader of the journal of incoming calls serves its health and its metrics."""
    name, port = "call notices health", settings.notice_health_port
    return Port(name, settings.health_host, port, "KARIPASS_NOTICE_HEALTH_PORT", _NOTICE)


def bounces_health_port(settings: Settings) -> Port:
    """The port on which the receiver of bounces serves its health and its metrics."""
    name, port = "bounces health", settings.bounces_health_port
    return Port(name, settings.health_host, port, "KARIPASS_BOUNCES_HEALTH_PORT", _BOUNCES)


def exchange_ports(settings: Settings) -> list[Port]:
    """The ports that an Asterisk of our own listens on."""
    first, last = settings.rtp_range
    return asterisk_ports(settings.sip_host, settings.sip_port, settings.ami_port, (first, last))


def asterisk_ports(sip_host: str, sip_port: int, ami_port: int, rtp: tuple[int, int]) -> list[Port]:
    """The ports of an Asterisk by their numbers; for audio, `rtp` gives the first and the last."""
    first, last = rtp
    return [
        Port("SIP", sip_host, sip_port, "KARIPASS_SIP_PORT", transport=Transport.UDP),
        Port("AMI", ASTERISK_HOST, ami_port, "KARIPASS_AMI_PORT"),
        Port("RTP", ANY_HOST, first, "KARIPASS_RTP_PORTS", transport=Transport.UDP, count=last - first + 1),
    ]


class PortUnavailable(Exception):  # noqa: N818 - reads as what it says
    """A port cannot be had.

    Attributes:
        number: which port.
        cause: why it cannot be had.
    """

    def __init__(self, number: int, cause: OSError) -> None:
        super().__init__(f"port {number} cannot be had ({cause.strerror})")
        self.number = number
        self.cause = cause

    @property
    def is_in_use(self) -> bool:
        """Whether another process has it."""
        return self.cause.errno == errno.EADDRINUSE


def try_port(wanted: Port) -> None:
    """Take a port for a moment, as a service would; of several in a row, each one.

    Raises:
        PortUnavailable: one cannot be had.
    """
    for number in wanted.numbers:
        try:
            _try(wanted.host, number, wanted.transport)
        except OSError as error:
            raise PortUnavailable(number, error) from None


def _try(host: str, number: int, transport: Transport) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if transport is Transport.UDP:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, number))
        return
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as services do: old connections are no obstacle
        probe.bind((host, number))
        probe.listen(1)  # a bound port can be shared with SO_REUSEADDR, a listening one cannot
