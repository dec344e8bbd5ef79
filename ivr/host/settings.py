"""Settings, read from the environment (`KARIPASS_...`). An error names each wrong value and its remedy."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

from credentials.limits.throttling import CallLimits
from credentials.lines.numbers import normalise_number
from ivr.call.dialogue import Limits
from ivr.host.running import running_settings
from settings.errors import PREFIX, read_settings
from settings.values import Host, HostName, MaybeHost, NetworkName, Port, Seconds, split_names


def default_state_dir() -> Path:
    """The directory where an instance keeps its files unless `KARIPASS_STATE_DIR` says otherwise."""
    state_home = os.environ.get("XDG_STATE_HOME")
    return (Path(state_home) if state_home else Path.home() / ".local" / "state") / "karipass"


_PORT_RANGE: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def _port_range(text: str) -> str:
    found = _PORT_RANGE.fullmatch(text)
    if found is None:
        raise ValueError("write it as FIRST-LAST, for example 10000-10999")
    if not 1024 <= int(found[1]) < int(found[2]) <= 65535:
        raise ValueError("the ports must rise and lie between 1024 and 65535")
    return text


def _maybe_port_range(text: str) -> str:
    return _port_range(text) if text else text


def default_workers() -> int:
    """How many workers suit this host: Asterisk and the store take as much of the processors as the workers do."""
    return max(len(os.sched_getaffinity(0)) // 2, 1)


def _site_url(text: str) -> str:
    if text and not _SITE_URL.fullmatch(text):
        raise ValueError("write https:// and a host name, and no path, as in https://settings.example.jp")
    return text.rstrip("/").lower()


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, KeyError):  # a path, a directory, an unknown name
        raise ValueError("write a time zone of the IANA database, as in Asia/Tokyo") from None


_SITE_URL: Final = re.compile(
    r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?/?", re.IGNORECASE
)

Digits = Annotated[str, AfterValidator(normalise_number)]


class Settings(BaseSettings):
    """The settings. Each name, in capitals and with `KARIPASS_` before it, is an environment variable.

    Make one with `Settings.load`: it turns pydantic's errors into one line each.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    state_dir: Path = Field(default_factory=default_state_dir)
    """The directory of the store, its key and the files of a running instance."""
    database_url: str = ""
    """SQLAlchemy URL of the store; an SQLite file in `state_dir` if empty."""
    key_file: Path | None = None
    """The file with the store's keys, the current one first; `key` in `state_dir` if not set. Made on first use."""

    access_number: Digits = "0363044747"
    language: str = "ja"

    agi_host: Host = "127.0.0.1"
    agi_port: Port = 4573
    agi_secret: SecretStr | None = None
    """The secret that the dialplan proves to the service; made and kept in `state_dir` if not set."""
    audiosocket_host: Host = "127.0.0.1"
    """The host to which Asterisk brings the audio."""
    audiosocket_bind: MaybeHost = ""
    """The address to listen on for the audio; `audiosocket_host` if empty."""
    audiosocket_port: Port = 4574
    audiosocket_more_ports: Annotated[str, AfterValidator(_maybe_port_range)] = ""
    """The ports for the audio of further workers, as FIRST-LAST; any free ones if empty."""
    workers: PositiveInt = Field(default_factory=default_workers)
    """How many processes answer calls; by default one for every two processors."""
    calls: PositiveInt = 1000
    """How many calls there may be at once."""
    calls_of_a_number: PositiveInt = 100
    """How many of them one number may have, and all callers without a number together; further ones are turned away."""

    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_secret: SecretStr | None = None
    """The manager user's secret; made and kept in `state_dir` if not set."""

    sip_host: Host = "127.0.0.1"
    sip_port: Port = 5060
    rtp_ports: Annotated[str, AfterValidator(_port_range)] = "10000-11999"

    first_key_s: Seconds = 10.0
    between_keys_s: Seconds = 5.0
    step_s: Seconds = 60.0
    call_s: Seconds = 300.0
    wrong_entries: PositiveInt = 3
    silences: PositiveInt = 3
    storing_s: Seconds = 30.0
    please_wait_s: Seconds = 4.0
    typed_ahead_pause_s: Seconds = 0.8

    sets_per_hour: PositiveInt = 200
    """How many calls of a number may set a temporary password within an hour; of a line, three times as many."""
    failed_calls: PositiveInt = 30
    """How many calls of one number may fail within an hour before it is refused for `refused_s`; a line: as above."""
    refused_s: Seconds = 3600.0

    records_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    """How long the record of a call is kept."""
    health_host: Host = "127.0.0.1"
    health_port: Port = 4575
    """Where the service serves its health pages and its metrics."""
    console_host: Host = "127.0.0.1"
    console_port: Port = 4576
    """Where the operators' console listens."""
    console_names: Annotated[frozenset[HostName], NoDecode, BeforeValidator(split_names)] = frozenset()
    """Names under which browsers reach the console, besides those of this machine's loopback."""
    console_https: bool = False
    """Whether browsers reach the console over https, by way of a proxy."""
    console_proxies: Annotated[frozenset[NetworkName], NoDecode, BeforeValidator(split_names)] = frozenset()
    """Addresses or networks of the proxies in front of the console, whose X-Forwarded-For is believed."""
    mailbox_port: Port = 4579
    """Where the mailbox for trying it out shows the mails that came; on loopback, as the next."""
    mailbox_smtp_port: Port = 4572
    """Where it takes mails."""
    mail_health_port: Port = 4578
    """Where a sender of mails serves its health and its metrics, on `health_host`."""

    portal_host: Host = "127.0.0.1"
    portal_port: Port = 4577
    """Where the settings site listens."""
    portal_health_port: Port = 4571
    """Where it serves its health and its metrics, on `health_host`."""
    portal_url: Annotated[str, AfterValidator(_site_url)] = ""
    """The settings site's own address, from which links in mails are made; where it listens if empty."""
    portal_names: Annotated[frozenset[HostName], NoDecode, BeforeValidator(split_names)] = frozenset()
    """Further names under which browsers reach the site, besides that of its address and this machine's loopback."""
    portal_https: bool = False
    """Whether browsers reach the site over https, by way of a proxy. (With a certificate of its own they do.)"""
    portal_proxies: Annotated[frozenset[NetworkName], NoDecode, BeforeValidator(split_names)] = frozenset()
    """Addresses or networks of the proxies in front of the site, whose X-Forwarded-For is believed."""
    portal_certificate: Path | None = None
    """The site's certificate with those between it and its root (PEM): the site then serves https by itself."""
    portal_key: Path | None = None
    """The certificate's private key (PEM, without a passphrase)."""
    portal_idle_s: Annotated[float, Field(ge=180, le=43_200)] = 900.0
    """How long a login lasts without use."""
    site_texts_dir: Path | None = None
    """The operator's own texts of the settings site; `site-texts` in `state_dir` if not set."""
    notice_journal: Path = Path("/var/log/asterisk/cel-custom/karipass-notice.json")
    """The journal of incoming calls that this host's exchange writes (dialplan/karipass/notice.conf)."""
    notice_exchange: Annotated[str, Field(min_length=1, max_length=100)] = Field(default_factory=socket.gethostname)
    """The name of that exchange, under which the store keeps how far its journal was read; by default this host's."""
    notice_health_port: Port = 4570
    """Where the journal's reader serves its health and its metrics, on `health_host`."""
    bounces_health_port: Port = 4569
    """Where the receiver of bounces serves its health and its metrics, on `health_host`."""
    notice_texts_dir: Path | None = None
    """The operator's own texts of call notices; `notice-texts` in `state_dir` if not set."""
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Tokyo"
    """The time zone in which subscribers are told moments."""
    prompts_dir: Path | None = None
    """The operator's own guidance, before the product's; `prompts` in `state_dir` if not set."""

    stop_s: Seconds = 345.0
    """How long calls may go on during shutdown."""

    @classmethod
    def load(cls, **values: Any) -> Settings:
        """Read the environment; take settings that it does not set from the instance that runs in the state directory.

        Args:
            values: settings that override both.

        Raises:
            SettingsError: names each wrong variable, its value and what is expected.
        """
        settings = cls.from_environment(**values)
        known = cls.model_fields.keys() - settings.model_fields_set
        running = {name: value for name, value in running_settings(settings.state_dir).items() if name in known}
        return cls.from_environment(**values, **running) if running else settings

    @classmethod
    def from_environment(cls, **values: Any) -> Settings:
        """Read the environment alone, to start an instance.

        Args:
            values: settings that override it.

        Raises:
            SettingsError: names each wrong variable, its value and what is expected.
        """
        return read_settings(cls, **values)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str], **values: Any) -> Settings:
        """Read an environment that is this process's with more variables in it.

        Args:
            environment: the environment.
            values: settings that override it.

        Raises:
            SettingsError: as above.
        """
        variables = {name: f"KARIPASS_{name.upper()}" for name in cls.model_fields}
        given = {name: environment[variable] for name, variable in variables.items() if variable in environment}
        return cls.from_environment(**{**given, **values})

    @property
    def limits(self) -> Limits:
        """The dialogue's part of the settings."""
        return Limits(
            first_key_s=self.first_key_s,
            between_keys_s=self.between_keys_s,
            step_s=self.step_s,
            call_s=self.call_s,
            wrong_entries=self.wrong_entries,
            silences=self.silences,
            storing_s=self.storing_s,
            please_wait_s=self.please_wait_s,
            typed_ahead_pause_s=self.typed_ahead_pause_s,
        )

    @property
    def call_limits(self) -> CallLimits:
        """The store's part of the settings."""
        return CallLimits(
            sets_per_hour=self.sets_per_hour,
            failed_calls=self.failed_calls,
            refused_for=timedelta(seconds=self.refused_s),
        )

    @property
    def rtp_range(self) -> tuple[int, int]:
        """The first and the last port for audio."""
        ports = _numbers(self.rtp_ports)
        return ports[0], ports[-1]

    @property
    def more_audio_ports(self) -> range:
        """The ports for the audio of further workers; none if any free ones will do."""
        return _numbers(self.audiosocket_more_ports) if self.audiosocket_more_ports else range(0)

    @property
    def to_publish(self) -> dict[str, Any]:
        """The settings that other commands must know of a running instance: all that are set, except the store's URL.

        The URL may hold a password, so it is not written to a file. The secrets between the parts are in files of the
        state directory in any case: Asterisk reads them there.
        """
        told = self.model_fields_set - {"state_dir", "database_url"}
        values = self.model_dump(mode="json", include=told)
        for name in told:
            match getattr(self, name):
                case SecretStr() as secret:
                    values[name] = secret.get_secret_value()
                case Path() as path:
                    values[name] = str(path.absolute())
        return values

    @cached_property
    def store_url(self) -> str:
        """The store's URL, the default filled in."""
        path = str(self.state_dir / "store.db")
        return self.database_url or URL.create("sqlite", database=path).render_as_string()

    @property
    def portal_is_https(self) -> bool:
        """Whether browsers reach the settings site over https."""
        return self.portal_https or self.portal_certificate is not None

    @cached_property
    def portal_address(self) -> str:
        """The settings site's own address, the default filled in: `https://settings.example.jp`."""
        host = f"[{self.portal_host}]" if ":" in self.portal_host else self.portal_host
        return self.portal_url or f"{'https' if self.portal_is_https else 'http'}://{host}:{self.portal_port}"

    @property
    def portal_hosts(self) -> frozenset[str]:
        """The names under which browsers reach the settings site."""
        own = urlsplit(self.portal_address).hostname
        return self.portal_names | {self.portal_host} | ({own} if own else set())

    @cached_property
    def operator_site_texts_dir(self) -> Path:
        """The operator's own texts of the settings site, the default filled in."""
        return self.site_texts_dir or self.state_dir / "site-texts"

    @cached_property
    def operator_notice_texts_dir(self) -> Path:
        """The operator's own texts of call notices, the default filled in."""
        return self.notice_texts_dir or self.state_dir / "notice-texts"

    @cached_property
    def operator_prompts_dir(self) -> Path:
        """The operator's own guidance, the default filled in."""
        return self.prompts_dir or self.state_dir / "prompts"

    @cached_property
    def store_key_file(self) -> Path:
        """The store's key file, the default filled in."""
        return self.key_file or self.state_dir / "key"


def _numbers(ports: str) -> range:
    first, last = (int(port) for port in ports.split("-"))
    return range(first, last + 1)
