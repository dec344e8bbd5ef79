"""docker/compose/one-host.yaml at work: on free ports, with a carrier's trunk, a subscriber's phone, a mail server."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from dotenv import dotenv_values

from credentials.secrets.keys import Key
from ivr.host.settings import Settings
from ivr.lab.free_ports import free_tcp_ports, free_udp_ports
from notice.settings.model import Address
from notice.settings.model import Settings as NoticeSettings
from notice.store.opening import NoticeStore
from tests.live.containers.podman import Podman
from tests.live.notice.exchange import OPTIONS
from tests.repository import ROOT

COMPOSE: Final = ROOT / "docker" / "compose"
SERVICES: Final = ("database", "asterisk", "serve", "portal", "console", "mail", "notice")
TRUNK_HOST: Final = "127.0.0.2"
CARRIER_HOST: Final = "127.0.0.5"
CONTRACT: Final = "0312345678"
ADDITIONAL: Final = "0312345679"
ADDRESS: Final = "subscriber@example.jp"
_AUDIO_PORTS: Final = 200
_UP_S: Final = 150.0
_ENDPOINT: Final = "type = endpoint\ncontext = calls\ndisallow = all\nallow = ulaw\ndirect_media = no\n"


class Mails:
    """A mail server that keeps what comes."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self._came = threading.Condition()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        with self._came:
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
            self._came.notify()
        return "250 OK queued"

    def first(self, within_s: float) -> EmailMessage:
        """Wait for the first mail."""
        with self._came:
            assert self._came.wait_for(lambda: self.received, within_s), "no mail came"
            return self.received[0]


@dataclass
class OneHost:
    """The containers, running.

    Attributes:
        podman: runs them.
        project: their name.
        sip_port: where Asterisk takes calls.
        portal: the settings site's address.
        mails: the mail server.
        healthy_after_s: how long it took until all were healthy, from `up` on.
    """

    podman: Podman
    project: str
    sip_port: int
    portal: str
    mails: Mails
    _secrets: Path = field(repr=False)
    healthy_after_s: float = 0.0

    def container(self, service: str) -> str:
        return f"{self.project}_{service}_1"

    def ivr(self, *words: str) -> str:
        """Run a command of ours in the service's container."""
        return self.podman.podman("exec", self.container("serve"), "ivr", *words)

    def secrets(self) -> list[str]:
        """What must be in no log: the values of the settings among the secrets, and the other files' contents."""
        values = [str(value) for value in dotenv_values(self._secrets / "settings").values()]
        return [*values, *((self._secrets / name).read_text().strip() for name in ("key", "database-password"))]

    def want_notices(self, number: str) -> None:
        """Have a number want mails about its calls."""
        given = dotenv_values(self._secrets / "settings")
        url = str(given["KARIPASS_DATABASE_URL"])
        with NoticeStore.open(url, key=Key.from_file(self._secrets / "key")) as store:
            chosen = NoticeSettings(started=True, addresses=(Address(address=ADDRESS),))
            assert store.choose_first(number, chosen, operator="test")

    def wait_until_healthy(self, within_s: float) -> None:
        """Wait until each container's own check says so."""
        began, ill = time.monotonic(), list(SERVICES)
        while ill:
            ill = [service for service in ill if not self._is_well(service)]
            if ill and time.monotonic() - began > within_s:
                raise AssertionError(f"not healthy after {within_s:g} s: {ill}\n{self.logs(ill)}")
            time.sleep(0.2)

    def _is_well(self, service: str) -> bool:
        if service == "serve" and not self.podman.succeeds("exec", self.container(service), "healthy", "ready"):
            return False
        return self.podman.is_healthy(self.container(service))

    def logs(self, services: Sequence[str]) -> str:
        """The last lines of containers."""
        return "\n".join(f"--- {each}\n{self.podman.logs(self.container(each), '--tail', '15')}" for each in services)


@contextmanager
def one_host(directory: Path, phone: str) -> Iterator[OneHost]:
    """Start all containers; remove them with all that they kept at the end.

    Args:
        directory: for settings and secrets.
        phone: host and port of the subscriber's phone.
    """
    names = [name for name in Settings.model_fields if name.endswith("_port") and name != "sip_port"]
    database, *ports = free_tcp_ports(len(names) + 1)
    sip, rtp = free_udp_ports(_AUDIO_PORTS)
    secrets, files = directory / "secrets", directory / "exchange"
    subprocess.run([str(COMPOSE / "make-secrets"), str(secrets), str(database)], check=True)
    files.mkdir(mode=0o755)
    _write_exchange(files, phone)
    settings = directory / "karipass.env"
    project = f"karipass-test-{database}"
    environment = {
        "KARIPASS_ENV_FILE": str(settings),
        "KARIPASS_SECRETS": str(secrets),
        "KARIPASS_EXCHANGE_FILES": str(files),
        "KARIPASS_DATABASE_PORT": str(database),
        # Here a process may not raise its limits.
        "KARIPASS_REAL_TIME": "0",
        "KARIPASS_OPEN_FILES": "4096",
    }
    with ExitStack() as running:
        mails = Mails()
        server = Controller(mails, hostname="127.0.0.1", port=free_tcp_ports(1)[0])
        server.start()
        running.callback(server.stop)
        values = {f"KARIPASS_{name.upper()}": str(port) for name, port in zip(names, ports, strict=True)} | {
            "KARIPASS_SIP_PORT": str(sip),
            "KARIPASS_RTP_PORTS": f"{rtp}-{rtp + _AUDIO_PORTS - 1}",
            "KARIPASS_TRUNKS": TRUNK_HOST,
            "KARIPASS_SMTP_HOST": "127.0.0.1",
            "KARIPASS_SMTP_PORT": str(server.port),
            "KARIPASS_SMTP_SECURITY": "none",
            "KARIPASS_MAIL_FROM": "karipass <no-reply@karipass.example.jp>",
            "KARIPASS_WORKERS": "1",
        }
        settings.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
        podman = running.enter_context(Podman(directory, environment))
        podman.build_images()
        compose = ["--project-name", project, "--file", str(COMPOSE / "one-host.yaml")]
        running.callback(lambda: podman.compose(*compose, "down", "--volumes", "--timeout", "10"))
        began = time.monotonic()
        podman.compose(*compose, "up", "--detach", patience_s=_UP_S)
        host = OneHost(podman, project, sip, f"http://127.0.0.1:{values['KARIPASS_PORTAL_PORT']}", mails, secrets)
        host.wait_until_healthy(_UP_S)
        host.healthy_after_s = time.monotonic() - began
        yield host


def _write_exchange(files: Path, phone: str) -> None:
    """Write what the operator's exchange has besides: a carrier that calls a subscriber, and the subscriber's phone."""
    carrier = f"[carrier]\n{_ENDPOINT}trust_id_inbound = yes\nidentify_by = ip\n"
    carrier += f"[carrier]\ntype = identify\nendpoint = carrier\nmatch = {CARRIER_HOST}\n"
    subscriber = f"[{ADDITIONAL}]\n{_ENDPOINT}aors = {ADDITIONAL}\n"
    subscriber += f"[{ADDITIONAL}]\ntype = aor\ncontact = sip:{ADDITIONAL}@{phone}\n"
    (files / "pjsip.conf").write_text(carrier + subscriber, encoding="ascii")
    dial = f"Dial(PJSIP/${{EXTEN}},8,{OPTIONS.format(step='call')})"
    (files / "extensions.conf").write_text(
        f"[calls]\nexten => {ADDITIONAL},1,{dial}\n same => n,Hangup()\n", encoding="ascii"
    )
