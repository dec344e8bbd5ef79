"""The process that reads a journal until it is stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.reading.reader import Counts, Reader
from notice.reading.trouble import Trouble
from notice.store.opening import NoticeStore
from storage.errors import StoreUnavailable

_log: Final = structlog.get_logger(__name__)

_POLL_S: Final = 0.1
"""How often the journal is looked at. That costs a few system calls, and no database."""
_TOGETHER_S: Final = 1.0
_REFUSALS_S: Final = 5.0
_FORGET_S: Final = 3600.0
_LOOKING_S: Final = 20.0
"""How often it notes in the store that it reads."""


def read_until_stopped(
    store: NoticeStore,
    journal: Path,
    exchange: str,
    outbox: Outbox,
    writer: Writer,
    *,
    ready: Callable[[Counts], None] = lambda _: None,
) -> None:
    """Read a journal and put mails into the outbox until SIGTERM or SIGINT.

    Args:
        store: the store.
        journal: the journal's file.
        exchange: the exchange's name.
        outbox: where mails go.
        writer: writes them.
        ready: called when the journal is about to be read, with what the reader will count.
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))
    reader = Reader(store, journal, exchange, outbox, writer)
    chores = [
        _Chore(
            _TOGETHER_S,
            lambda: reader.count_mails(store.mail_together(outbox, writer)),
            "mails that wait for more calls wait longer",
        ),
        _Chore(_REFUSALS_S, lambda: _tell_paused(store.count_refusals()), "no address is paused"),
        _Chore(
            _FORGET_S,
            store.forget_calls,
            "calls are kept for longer than 30 days, and rehearsed files for longer than an hour",
        ),
        _Chore(_LOOKING_S, lambda: store.note_looking(exchange), "others cannot see that the journal is read"),
    ]
    _log.info("notice_reading", journal=str(journal), exchange=exchange, there=journal.exists())
    ready(reader.counts)
    while not asked:
        more = reader.step()
        for chore in chores:
            chore.do_if_due()
        if not more:
            time.sleep(_POLL_S)


class _Chore:
    """Something that is done every so often; at once again while there is more of it.

    Args:
        every_s: how often.
        do: does a part of it, and returns how much that was; None if there are no parts.
        otherwise: what it means while it cannot be done.
    """

    def __init__(self, every_s: float, do: Callable[[], int | None], otherwise: str) -> None:
        self._every_s = every_s
        self._do = do
        self._at = time.monotonic()
        self._trouble = Trouble("notice_chore_put_off", "notice_chore_done_again", meanwhile=otherwise)

    def do_if_due(self) -> None:
        if time.monotonic() < self._at:
            return
        self._at = time.monotonic() + self._every_s
        try:
            if self._do():
                self._at = time.monotonic()
        except StoreUnavailable as error:
            self._trouble.met(str(error))
        else:
            self._trouble.passed()


def _tell_paused(paused: int) -> int:
    if paused:
        _log.warning("notice_addresses_paused", addresses=paused, because="their servers refused three mails in a row")
    return paused
