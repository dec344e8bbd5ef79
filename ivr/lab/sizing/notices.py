"""Measures what incoming calls cost whose number wants a mail: from the journal's lines to a mail server."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import func, select

from credentials.secrets.keys import Key
from ivr.errors import CallFailed
from ivr.lab.house import House
from ivr.lab.load.lines import lines_file
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.program import Program
from ivr.lab.sizing.bench import Meter
from ivr.lab.sizing.figures import NoticeFigures
from mail.outbox.deliveries import State
from mail.outbox.opening import open_outbox_database
from mail.outbox.schema import letters
from notice.journal.lines import EVENT
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from storage.clock import utc_now
from storage.database import Database

_COUNT: Final = 1500
_CALLER: Final = "0459876543"
_PATIENCE_S: Final = 120.0
_LOOK_S: Final = 0.2
_RING_MS: Final = 400
_TALK_S: Final = 3.0
_BEFORE: Final = timedelta(hours=1)
"""Calls from before the settings are not mailed."""


def measure_notices(
    directory: Path,
    server: PostgresqlServer,
    *,
    stage: Callable[[str], None],
    wait: Callable[[float], bool],
    count: int = _COUNT,
) -> NoticeFigures:
    """Measure.

    Args:
        directory: where the programs keep their files; must exist, and be for them alone.
        server: the database server.
        stage: called with what is done next, in a few words.
        wait: waits for so many seconds, and says whether to end early.
        count: how many calls there are, each to another number.

    Raises:
        ExchangeError: a program did not come up.
        CallFailed: not every mail was taken in time.
    """
    stage("what mails about incoming calls cost")
    url = server.url(server.create())
    journal = directory / "calls.journal"
    journal.touch()
    house = House(directory, trunks=(), has_exchange=False, database_url=url, settings=_settings(journal))
    house.environment["KARIPASS_SMTP_PORT"] = str(house.ports["mailbox_smtp_port"])
    numbers = [f"0477{place:06d}" for place in range(count)]
    _subscribe(url, Key.from_file(house.state / "key"), numbers)
    with ExitStack() as running:
        programs = []
        for words, until in _PROGRAMS:
            program = Program(*words, environment=house.environment, log=directory / f"{words[0]}.log")
            program.start(until)
            running.callback(program.stop)
            programs.append(program)
        _, sender, reader = programs
        database = running.enter_context(closing(open_outbox_database(url)))
        time.sleep(_TALK_S + 2)  # calls from before the numbers had their holder are not mailed either
        meter, began = Meter([reader.pid, sender.pid, server.pid]), time.monotonic()
        with journal.open("ab") as file:
            for number in numbers:
                file.writelines(_call(number, datetime.now(UTC).timestamp() - _TALK_S - 1))
        while _taken(database) < count:
            if wait(_LOOK_S) or time.monotonic() - began > _PATIENCE_S:
                raise CallFailed(f"{_taken(database)} of {count} mails were taken in {_PATIENCE_S:.0f} s")
        took_s = time.monotonic() - began
        by_reader, by_sender, by_database = (spent / count for spent in meter.spent())
    return NoticeFigures(
        counted=count,
        each_second=count / took_s,
        reader=by_reader,
        sender=by_sender,
        database=by_database,
    )


_PROGRAMS: Final = (
    (("mailbox",), "mailbox_serving"),
    (("mail",), "mail_sending"),
    (("notice", "serve"), "notice_reading"),
)


def _settings(journal: Path) -> dict[str, str]:
    return {
        "KARIPASS_NOTICE_JOURNAL": str(journal),
        "KARIPASS_PORTAL_URL": "https://settings.example.jp",
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "no-reply@karipass.example.jp",
    }


def _subscribe(url: str, key: Key, numbers: list[str]) -> None:
    """Have every number want all notices."""
    with NoticeStore.open(url, key=key) as store:
        store.import_lines(io.StringIO(lines_file(()) + "".join(f"{number},\n" for number in numbers)))
    with closing(Database(url)) as database, database.writing() as connection:
        chosen = {
            number: Settings(started=True, addresses=(Address(address=f"n{number}@example.jp"),)) for number in numbers
        }
        table.replace_all(connection, chosen, utc_now() - _BEFORE)


def _taken(database: Database) -> int:
    question = select(func.count()).select_from(letters).where(letters.c.state == State.TAKEN.value)
    with database.reading() as connection:
        return int(connection.scalar(question) or 0)


def _call(number: str, at: float) -> Iterator[bytes]:
    """Write the journal of an incoming call that is answered, as dialplan/karipass/notice.conf does."""
    call = f"karipass-{at:.6f}.{number}"
    ended = {"ring": _RING_MS, "cause": 16}
    yield _line(call, call, "call", number, at, num=_CALLER, pres="allowed_not_screened", name="")
    yield _line(call, f"{call}.leg", "leg", number, at)
    yield _line(call, f"{call}.leg", "answered", number, at + _RING_MS / 1000, **ended)
    yield _line(call, f"{call}.leg", "leg-end", number, at + _TALK_S, **ended)
    yield _line(call, call, "end", number, at + _TALK_S, **ended, status="ANSWER")


def _line(call: str, channel: str, step: str, number: str, at: float, **said: object) -> bytes:
    values = {"step": step, "number": number, **said}
    extra = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in values.items())
    event = {
        "eventtype": EVENT,
        "userdeftype": EVENT,
        "eventtime": at,
        "uniqueid": channel,
        "linkedid": call,
        "eventextra": json.dumps({"extra": extra}),
    }
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"
