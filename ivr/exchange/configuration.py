"""The values that differ between our exchanges, and the configuration files made from them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final

from ivr.telephony.fastagi.proof import SECRET_CHARACTERS

DIALPLAN_DIR: Final = Path(__file__).parents[2] / "dialplan"
MANAGER_USER: Final = "karipass"
CROWDED: Final = "crowded"
# The clips that Asterisk plays by itself: the service is away, and too many call at once.
APOLOGIES: Final = ("unavailable", CROWDED)
# The endpoint that leads from the exchange back into it: originate to PJSIP/<access number>@karipass-loop.
LOOP_ENDPOINT: Final = "karipass-loop"
# What the journal of incoming calls needs beside the modules of the access number.
_JOURNAL_MODULES: Final = (
    *("app_dial", "app_stack", "bridge_simple", "app_celgenuserevent", "func_uri", "res_cdrel_custom", "cel_custom"),
)
JOURNAL: Final = "cel-custom/karipass-notice.json"
"""Where the journal of incoming calls is, below the run directory."""
# Asterisk's core reads these. Without a file it logs an error and takes the defaults, which are what we want.
_LEFT_AT_DEFAULTS: Final = ("acl", "ccss", "features", "pjproject", "stasis", "udptl")

_NUMBER: Final = re.compile(r"\+?[0-9]{1,20}")
_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,32}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[0-9A-Za-z]+)*")
_HOST: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}")
_NETWORK: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}(/[0-9]{1,2})?")
# The characters that need no quoting in Asterisk's configuration files, where `;` starts a comment.
_SECRET: Final = re.compile(rf"[{SECRET_CHARACTERS}]{{8,128}}")


class ExchangeError(Exception):
    """The exchange cannot be configured or started; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A phone that may register, with `number` as its user name; it can only ever call as `number`."""

    number: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ExchangeConfig:
    """One exchange.

    Attributes:
        name: the exchange's name, with which the ids of its calls start; exchanges that share a store need one each.
        run_dir: a directory for the exchange alone (configuration, log, control socket); made if missing.
        access_number: the number that reaches the service.
        sounds_dir: holds ``<language>/unavailable.wav`` and ``crowded.wav`` (`APOLOGIES`).
        ami_secret: the secret of the manager user ``karipass``.
        agi_host: where the service listens for FastAGI.
        agi_port: its TCP port.
        more_agi: host and port of further services, which are asked in turn if that one does not take a call.
        agi_secret: the secret that shows the service that a call comes from this exchange.
        language: the language of the apology.
        sip_host: the address for phones and trunks; ``0.0.0.0`` for all addresses of the machine.
        sip_port: its UDP port.
        rtp_ports: the first and the last UDP port for audio; a call takes two, a looped call four.
        ami_port: the TCP port of the manager interface, on 127.0.0.1 only.
        trunks: addresses or networks whose calls assert their caller number.
        detecting_trunks: the same, but Asterisk's own detector takes in-band keys out of their audio (to compare).
        phones: the phones that may register.
        call_cap_s: the seconds after which a call is ended, whatever the service does.
        has_journal: whether it keeps a journal of incoming calls (karipass/notice.conf), at `JOURNAL`.
        own: what the exchange has besides, such as subscribers' phones: text that is put at the end of a configuration
            file, by the file's name.

    Raises:
        ExchangeError: a value is not of the form that its place in a configuration file needs.
    """

    run_dir: Path
    access_number: str
    sounds_dir: Path
    ami_secret: str = field(repr=False)
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    more_agi: Sequence[tuple[str, int]] = ()
    agi_secret: str = field(repr=False, default="no-secret")
    language: str = "ja"
    sip_host: str = "127.0.0.1"
    sip_port: int = 5060
    rtp_ports: tuple[int, int] = (10000, 11999)
    ami_port: int = 5038
    trunks: Sequence[str] = ()
    detecting_trunks: Sequence[str] = ()
    phones: Sequence[Phone] = ()
    call_cap_s: int = 360
    has_journal: bool = False
    own: Mapping[str, str] = field(default_factory=dict)
    name: str = "karipass"

    def __post_init__(self) -> None:
        _require(_NUMBER, self.access_number, "the access number", "digits")
        _require(_LANGUAGE, self.language, "the language", "a language code such as ja or en")
        _require(_NAME, self.name, "the exchange's name", "letters, digits and -")
        for host, _ in self.agi:
            _require(_HOST, host, "the FastAGI host", "a host name or IPv4 address")
        _require(_HOST, self.sip_host, "the SIP host", "an IPv4 address")
        for trunk in (*self.trunks, *self.detecting_trunks):
            _require(_NETWORK, trunk, "a trunk", "an IPv4 address or network")
        for phone in self.phones:
            _require(_NUMBER, phone.number, "a phone's number", "digits")
        for secret in (self.ami_secret, self.agi_secret, *(phone.secret for phone in self.phones)):
            if not _SECRET.fullmatch(secret):  # the message does not show it
                raise ExchangeError("a secret has to be 8 to 128 of the characters 0-9 A-Z a-z _ . ~ + / -")
        for port in (*(port for _, port in self.agi), self.sip_port, self.ami_port, *self.rtp_ports):
            if not 1 <= port <= 65535:
                raise ExchangeError(f"port {port} is not within 1-65535")
        if self.rtp_ports[0] >= self.rtp_ports[1]:
            raise ExchangeError(f"KARIPASS_RTP_PORTS: {self.rtp_ports[0]}-{self.rtp_ports[1]} is not a range")

    @property
    def agi(self) -> Sequence[tuple[str, int]]:
        """Host and port of all services, in the order in which they are asked."""
        return ((self.agi_host, self.agi_port), *self.more_agi)


def _require(pattern: re.Pattern[str], value: str, name: str, form: str) -> None:
    if not pattern.fullmatch(value):
        raise ExchangeError(f"{name}: {value!r} is not {form}")


def render(config: ExchangeConfig, *, run: str) -> dict[str, str]:
    """Fill in ``dialplan/standalone``, and add the includes of ``dialplan/karipass`` as they are.

    Args:
        config: the exchange.
        run: ``config.run_dir`` as Asterisk sees it.

    Returns:
        The text of each file, by its path below Asterisk's configuration directory.

    Raises:
        KeyError: a template names a value that does not exist.
        ValueError: a template has a ``$`` that belongs to no name.
    """
    values = {
        "run": run,
        "access_number": config.access_number,
        "agi": ",".join(f"{host}:{port}" for host, port in config.agi),
        "name": config.name,
        "language": config.language,
        "sip_host": config.sip_host,
        "sip_port": config.sip_port,
        # If the transport listens on all addresses, one of them to call it at.
        "loop_host": "127.0.0.1" if config.sip_host == "0.0.0.0" else config.sip_host,  # noqa: S104
        "rtp_first": config.rtp_ports[0],
        "rtp_last": config.rtp_ports[1],
        "ami_port": config.ami_port,
        "ami_secret": config.ami_secret,
        "call_cap_s": config.call_cap_s,
        "trunks": "\n".join(
            [_trunk(f"trunk-{i}", match) for i, match in enumerate(config.trunks, start=1)]
            + [
                _trunk(f"detecting-trunk-{i}", match, "dtmf_mode = inband\n")
                for i, match in enumerate(config.detecting_trunks, start=1)
            ]
        ),
        "phones": "\n".join(_phone(phone) for phone in config.phones),
        "journal_modules": "\n".join(f"require = {name}.so" for name in _JOURNAL_MODULES if config.has_journal),
    }
    files = {
        path.name: Template(path.read_text(encoding="utf-8")).substitute(values)
        for path in (DIALPLAN_DIR / "standalone").glob("*.conf")
    }
    for path in (DIALPLAN_DIR / "karipass").glob("*.conf"):
        files[f"karipass/{path.name}"] = path.read_text(encoding="utf-8")
    files["agi-secret"] = config.agi_secret
    files |= {f"{name}.conf": "; Defaults.\n" for name in _LEFT_AT_DEFAULTS}
    if config.has_journal:
        files |= {name: f"#include karipass/{name}\n" for name in ("cel.conf", "cel_custom.conf")}
        files["extensions.conf"] += "\n#include karipass/notice.conf\n"
    for name, text in config.own.items():
        files[name] += f"\n{text}"
    return files


def _trunk(name: str, match: str, more: str = "") -> str:
    return f"[{name}](karipass-trunk)\n{more}[{name}]\ntype = identify\nendpoint = {name}\nmatch = {match}\n"


def _phone(phone: Phone) -> str:
    name = phone.number
    return (
        f"[{name}](karipass-phone)\nauth = {name}\naors = {name}\ncallerid = <{name}>\n"
        f"[{name}](karipass-phone-auth)\nusername = {name}\npassword = {phone.secret}\n"
        f"[{name}](karipass-phone-aor)\n"
    )
