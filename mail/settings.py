"""The settings of mail, read from the environment (`KARIPASS_SMTP_...`, `KARIPASS_MAIL_...`)."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, PositiveInt, SecretStr, model_validator

from credentials.secrets.keys import Key
from mail.addresses import InvalidAddress, require_address
from mail.bounces.addresses import bounce_address
from mail.bounces.settings import BounceSettings
from mail.outbox.limits import MailLimits, Rate
from settings.values import HostName, Port, Seconds

LETTER: Final = "{letter}"
"""Where a letter's id goes in the envelope sender."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,3})([mhd])")
_SENDER: Final = re.compile(r'"?([^"<>,@\x00-\x1f]*?)"?\s*<([^<>]+)>|([^<>\s]+)')
"""A name and an address in angle brackets, or an address alone."""
_EXAMPLE: Final = "no-reply@example.jp"


class Security(StrEnum):
    """How the connection to the mail server is secured."""

    STARTTLS = "starttls"
    """It starts in the clear; without STARTTLS, or with a wrong certificate, nothing is sent."""
    TLS = "tls"
    NONE = "none"
    """Not at all: for a mail server on this machine."""


_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


def _rates(text: str) -> str:
    parse_rates(text)
    return text


def parse_rates(text: str) -> Sequence[Rate]:
    """Read rates: `5/10m,20/1d` is 5 within ten minutes, and 20 within a day.

    Raises:
        ValueError: it cannot be read.
    """
    found = [_RATE.fullmatch(part) for part in text.replace(",", " ").split()]
    if not found or None in found:
        raise ValueError("write how many within which time, as in 5/10m,20/1d (m minutes, h hours, d days)")
    return [Rate(int(one[1]), int(one[2]) * _UNITS[one[3]]) for one in found if one is not None]


def _sender(text: str) -> str:
    try:
        _address(text)
    except (HeaderParseError, ValueError, IndexError):  # `Address` raises all three
        raise ValueError(f"write one mail address, with or without a name: Karipass <{_EXAMPLE}>") from None
    return text


def _address(text: str) -> Address:
    found = _SENDER.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    name, named, alone = found.groups()
    return Address(display_name=name or "", addr_spec=require_address(named or alone))


def _envelope_sender(text: str) -> str:
    try:
        require_address(text.replace(LETTER, "a" * 24))
    except InvalidAddress:
        raise ValueError(
            f"write one mail address; {LETTER} in it becomes the letter's id, as in bounce+{LETTER}@example.jp"
        ) from None
    return text


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no name of a file is so long
        return False


class MailSettings(BounceSettings):
    """The settings. Each name, in capitals and with `KARIPASS_` before it, is an environment variable.

    Make one with `MailSettings.load`: it turns pydantic's errors into one line each.
    """

    smtp_host: HostName
    """The mail server that takes our mails."""
    smtp_port: Port | None = None
    """Its port; by default that of its security: 587, 465 or 25."""
    smtp_security: Security = Security.STARTTLS
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_ca_file: Path | None = None
    """Certificates that are trusted instead of the system's."""
    smtp_own_name: str = ""
    """The name by which we greet the server; this machine's if it has a dot, otherwise that of the sender's address."""
    smtp_timeout_s: Seconds = 60.0
    """How long sending one mail may take."""

    mail_from: Annotated[str, AfterValidator(_sender)]
    """The sender that people see."""
    mail_envelope_from: Annotated[str, AfterValidator(_envelope_sender)] | None = None
    """Where mails that come back go if there is no domain for them; the address of `mail_from` if not set. `{letter}`
    becomes the letter's id."""
    mails_at_once: PositiveInt = 8
    """How many connections to the mail server a sender has at once."""
    mail_days: Annotated[int, Field(ge=2, le=3650)] = 30
    """How long is known what became of a mail. (The limits count mails of the last day.)"""

    mails_of_a_number: Annotated[str, AfterValidator(_rates)] = "5/10m,20/1d"
    mails_of_an_address: Annotated[str, AfterValidator(_rates)] = "5/10m,20/1d"
    mails_of_a_client: Annotated[str, AfterValidator(_rates)] = "20/10m,100/1d"
    """How many mails may be asked for."""

    @model_validator(mode="after")
    def _user_with_password(self) -> MailSettings:
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("KARIPASS_SMTP_USER and KARIPASS_SMTP_PASSWORD: set both, or neither")
        if self.smtp_user and self.smtp_security is Security.NONE and self.smtp_host not in _LOOPBACK:
            raise ValueError(
                "KARIPASS_SMTP_SECURITY=none: would send KARIPASS_SMTP_PASSWORD in the clear: write starttls or tls"
            )
        if self.mail_bounce_domain is not None and self.mail_envelope_from is not None:
            raise ValueError(
                "KARIPASS_MAIL_BOUNCE_DOMAIN and KARIPASS_MAIL_ENVELOPE_FROM both say where mails come back: set one"
            )
        if self.smtp_ca_file is not None and not _is_file(self.smtp_ca_file):
            shown = str(self.smtp_ca_file).encode(errors="backslashreplace").decode()
            raise ValueError(f"KARIPASS_SMTP_CA_FILE={shown}: there is no such file: name one")
        return self

    @property
    def port(self) -> int:
        """The mail server's port, the default filled in."""
        return _PORTS[self.smtp_security] if self.smtp_port is None else self.smtp_port

    @cached_property
    def sender(self) -> Address:
        """The sender that people see."""
        return _address(self.mail_from)

    @cached_property
    def own_name(self) -> str:
        """The name by which we greet the server, the default filled in."""
        here = socket.gethostname()
        return self.smtp_own_name or (here if "." in here else self.sender.domain)

    @property
    def limits(self) -> MailLimits:
        """The outbox's part of the settings."""
        return MailLimits(
            of_a_number=parse_rates(self.mails_of_a_number),
            of_an_address=parse_rates(self.mails_of_an_address),
            of_a_client=parse_rates(self.mails_of_a_client),
        )

    def envelope_sender(self, letter_id: str, key: Key) -> str:
        """Return the address to which a letter comes back.

        Args:
            letter_id: the letter's id.
            key: the store's current key, by which `ivr bounces` knows the address again.
        """
        if self.mail_bounce_domain is not None:
            return bounce_address(letter_id, self.mail_bounce_domain, key)
        return (self.mail_envelope_from or self.sender.addr_spec).replace(LETTER, letter_id)
