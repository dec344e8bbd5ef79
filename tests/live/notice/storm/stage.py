"""All that a call notice passes, each in a process of its own: exchange, phones, reader, store, sender, mail server."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from credentials.secrets.keys import KeyRing
from ivr.exchange.configuration import JOURNAL
from ivr.exchange.process import Exchange
from ivr.lab.free_ports import free_tcp_ports
from ivr.lab.postgresql.server import server_programs
from mail.outbox import Outbox
from notice.journal.lines import OPENING, BadLine, read_line
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from notice.store.verdicts import CallLine
from storage.clock import utc_now
from tests.live.notice.exchange import CARRIER_HOST, OPTIONS, exchange_of
from tests.live.notice.ringing_phone import Behaviour, RingingPhone
from tests.live.notice.storm.crowd import Crowd
from tests.live.notice.storm.letterbox import Taken, mails_in
from tests.portal.processes import Command
from tests.storage import postgresql

PHONES: Final = "127.0.0.6"
CONTRACT: Final = "0612345678"
BEHAVIOURS: Final = {
    "answers": Behaviour(rings_after_s=0.1, then_after_s=0.8),
    "silent": Behaviour(rings_after_s=0.1, status=None),
    "busy": Behaviour(rings_after_s=None, status=486),
}
REFUSED: Final = "refused"
_KINDS: Final = (*BEHAVIOURS, REFUSED)
_NUMBERS: Final = 40
_AUDIO_PORTS: Final = 2000
_STORE: Final = {"fsync": "off"}
"""The server is killed, and not the machine: what it has handed to the system is safe."""


def numbers() -> Sequence[str]:
    """The numbers of the subscribers."""
    return [f"03123401{index:02d}" for index in range(_NUMBERS)]


def kind_of(number: str) -> str:
    """What happens to calls to a number: a key of `BEHAVIOURS`, or `REFUSED`."""
    return _KINDS[int(number[-2:]) % len(_KINDS)]


def address_of(number: str) -> str:
    return f"n{number}@example.jp"


@dataclass
class Part:
    """A part that may be killed, and is started again.

    Attributes:
        kill: kills it.
        start: starts it.
    """

    kill: Callable[[], None]
    start: Callable[[], None]


class _Program:
    """A program that may be killed and started again."""

    def __init__(self, begin: Callable[[], subprocess.Popen[bytes] | Command]) -> None:
        self._begin = begin
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        begun = self._begin()
        self._running = begun.process if isinstance(begun, Command) else begun

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None


class Stage:
    """The parts, and what came of the calls.

    Attributes:
        parts: those that may be killed, by their names.
        exchange: the exchange.
        journal: its journal.
    """

    def __init__(self, folder: Path, exchange: Exchange, parts: dict[str, Part], url: str, keys: KeyRing) -> None:
        self._folder = folder
        self._url = url
        self._keys = keys
        self._crowds = 0
        self.exchange = exchange
        self.parts = parts
        self.journal = exchange.config.run_dir / JOURNAL

    @contextmanager
    def crowd(self, called: Sequence[str], *, a_second: int, at_once: int = 1000) -> Iterator[Crowd]:
        """Have many call, one after the other."""
        self._crowds += 1
        exchange = ("127.0.0.1", self.exchange.config.sip_port)
        folder = self._folder / f"crowd {self._crowds}"
        callers = Crowd(called, a_second=a_second, exchange=exchange, host=CARRIER_HOST, folder=folder, at_once=at_once)
        try:
            yield callers
        finally:
            callers.end()

    def carried(self) -> set[tuple[str, str]]:
        """The calls that the journal tells of: their ids, and the numbers called."""
        found = set()
        for raw in self.journal.read_bytes().splitlines():
            try:
                line = read_line(raw)
            except BadLine:  # Asterisk died while it wrote it
                continue
            if line is not None and line.step in OPENING:
                found.add((line.call, line.number))
        return found

    def verdicts(self) -> list[CallLine]:
        """What came of the calls in the store."""
        with NoticeStore.open(self._url, key=self._keys) as store:
            outbox = Outbox(self._keys)
            return [line for number in numbers() for line in store.calls_of(number, outbox, most=100_000)]

    def waiting(self) -> int:
        """How many mails wait in the outbox."""
        with NoticeStore.open(self._url, key=self._keys) as store, store._database.reading() as connection:
            return Outbox(self._keys).backlog(connection).waiting

    def mails(self) -> list[Taken]:
        """The mails that the mail server took."""
        return list(mails_in(self._folder / "mails"))


@contextmanager
def stage(folder: Path, *, with_notices: bool = True) -> Iterator[Stage]:
    """Start all parts.

    Args:
        folder: where they keep their files.
        with_notices: whether the exchange tells of its calls; otherwise there is the exchange alone.
    """
    with ExitStack() as running:
        phones = {
            kind: running.enter_context(RingingPhone(behaviour, PHONES)) for kind, behaviour in BEHAVIOURS.items()
        }
        exchange = running.enter_context(_exchange(folder, phones, with_notices=with_notices))
        parts = {"exchange": Part(exchange.end_at_once, exchange.start)}
        keys = KeyRing.from_file(folder / "key")
        url = ""
        if with_notices:
            programs = server_programs()
            assert programs is not None
            server = running.enter_context(postgresql.serving(programs, **_STORE))
            url = server.url(server.create())
            _subscribe(url, keys)
            parts["store"] = Part(lambda: server.stop(signal.SIGQUIT), server.start)
            for name, program in _programs(folder, exchange, url).items():
                program.start()
                running.callback(program.kill)
                parts[name] = Part(program.kill, program.start)
        yield Stage(folder, exchange, parts, url, keys)


def _exchange(folder: Path, phones: dict[str, RingingPhone], *, with_notices: bool) -> Exchange:
    options = f",3,{OPTIONS.format(step='call')}" if with_notices else ",3"
    dialplan = []
    for number in numbers():
        if kind_of(number) == REFUSED:
            steps = ["Gosub(karipass-notice,refused,1(${EXTEN},nuisance))"] if with_notices else ["NoOp()"]
            steps.append("Hangup(21)")
        else:
            steps = [f"Dial(PJSIP/{kind_of(number)}{options})", "Hangup()"]
        dialplan += [f"exten => {number},1,{steps[0]}", f" same => n,{steps[1]}"]
    without = {} if with_notices else {"cel.conf": "[general](+)\nenable = no\n"}
    return exchange_of(folder, dialplan, phones, audio_ports=_AUDIO_PORTS, own=without)


def _subscribe(url: str, keys: KeyRing) -> None:
    """Have every number want all notices."""
    with NoticeStore.open(url, key=keys) as store:
        rows = "".join(f"{CONTRACT},{number}\n" for number in numbers())
        store.import_lines(io.StringIO(f"contract_number,number\n{rows}", newline=""))
        with store._database.writing() as connection:
            for number in numbers():
                chosen = Settings(started=True, addresses=(Address(address=address_of(number)),))
                table.replace(connection, number, chosen, utc_now())


def _programs(folder: Path, exchange: Exchange, url: str) -> dict[str, _Program]:
    (port,) = free_tcp_ports(1)
    environment = {
        "KARIPASS_STATE_DIR": str(folder),
        "KARIPASS_DATABASE_URL": url,
        "KARIPASS_NOTICE_JOURNAL": str(exchange.config.run_dir / JOURNAL),
        "KARIPASS_PORTAL_URL": "https://settings.example.jp",
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_PORT": str(port),
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "no-reply@karipass.example.jp",
    }
    mail_server = [sys.executable, "-m", "tests.live.notice.storm.letterbox", str(port), str(folder / "mails")]
    return {
        "mail server": _Program(lambda: subprocess.Popen(mail_server)),
        "sender": _Program(lambda: Command("mail", folder=folder, **environment)),
        "reader": _Program(lambda: Command("notice", "serve", folder=folder, **environment)),
    }


def wait_until(true: Callable[[], bool], *, patience_s: float) -> bool:
    """Wait until something is so; return whether it became so in time."""
    give_up = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.5)
    return True
