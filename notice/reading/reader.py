"""Reads a journal on, step by step: lines to verdicts, verdicts to the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from mail.outbox import Outbox
from notice.calls.judging import Verdict
from notice.calls.open_calls import OpenCalls
from notice.journal.file import JournalGone, Piece, read_on
from notice.journal.lines import BadLine, Line, read_line
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.reading.trouble import Trouble
from notice.rules import Why
from notice.sides.ledger_side import LedgerSide
from storage.clock import Clock, utc_now
from storage.errors import StoreUnavailable

_log: Final = structlog.get_logger(__name__)


@dataclass
class Counts:
    """What a reader has read since it was made.

    Attributes:
        lines: lines that told a step of a call.
        bad_lines: lines that could not be read.
        verdicts: verdicts that were new to the store.
        letters: letters that were put into the outbox.
        whys: what came of the verdicts.
        looked_at: when the journal was last looked at, and what was found was kept; at first when the reader was made.
    """

    looked_at: datetime
    lines: int = 0
    bad_lines: int = 0
    verdicts: int = 0
    letters: int = 0
    whys: Counter[Why] = field(default_factory=Counter)


class Reader:
    """Reads the journal of one exchange, from where the store says it was read to.

    Args:
        store: keeps verdicts and place.
        path: the journal.
        exchange: the exchange's name, under which the store keeps the place.
        outbox: where mails go.
        writer: writes them.
        clock: the clock by which calls without an end are given up.
    """

    def __init__(
        self, store: LedgerSide, path: Path, exchange: str, outbox: Outbox, writer: Writer, *, clock: Clock = utc_now
    ) -> None:
        self.counts = Counts(looked_at=clock())
        self._store = store
        self._path = path
        self._exchange = exchange
        self._outbox = outbox
        self._writer = writer
        self._clock = clock
        self._calls = OpenCalls()
        self._place: Place | None = None
        self._kept: Place | None = None
        self._found: list[Verdict] = []
        """Verdicts that are not in the store yet."""
        self._trouble = Trouble("notice_reading_stopped", "notice_reading_again", meanwhile="calls wait in the journal")

    def step(self) -> bool:
        """Read what is there, up to a quarter of a megabyte, and keep the verdicts.

        Returns:
            Whether there was something to read, so that there may be more.
        """
        try:
            if self._place is None:
                self._place = self._kept = self._store.journal_place(self._exchange)
            # What could not be kept before is kept before more is read.
            read = True if self._found else self._read(self._place)
            self._keep(self._place)
        except (StoreUnavailable, OSError) as error:
            self._trouble.met(str(error))
            return False
        self._trouble.passed()
        self.counts.looked_at = self._clock()
        return read

    def count_mails(self, letters: int) -> int:
        """Count letters that were put into the outbox later than their verdicts, and return how many they are."""
        self.counts.letters += letters
        return letters

    def _read(self, place: Place) -> bool:
        try:
            pieces = list(read_on(self._path, place))
        except JournalGone as gone:
            _log.warning("notice_journal_gone", journal=str(self._path), meanwhile=str(gone))
            self._place = gone.place
            return True
        bad: list[str] = []
        for piece in pieces:
            self._place = piece.after
            if (line := self._line(piece, bad)) is not None:
                self.counts.lines += 1
                self._found.extend(self._calls.take(line, piece.place))
        if bad:
            self.counts.bad_lines += len(bad)
            _log.warning("notice_lines_unreadable", lines=len(bad), first=bad[0], journal=str(self._path))
        if not pieces:
            self._found.extend(self._calls.pass_time(self._clock()))
        return bool(pieces)

    def _line(self, piece: Piece, bad: list[str]) -> Line | None:
        wrong = "it was cut before its end"
        if piece.whole:
            try:
                return read_line(piece.raw)
            except BadLine as error:
                wrong = str(error)
        bad.append(f"byte {piece.place.offset}: {wrong}")
        return None

    def _keep(self, place: Place) -> None:
        """Store the verdicts with the place at which a new reader must start to find the calls that are open now."""
        resume = self._calls.oldest or self._place or place
        if not self._found and resume == self._kept:
            return
        posted = self._store.post(self._exchange, self._found, resume, self._outbox, self._writer)
        self._kept = resume
        self._found.clear()
        self.counts.verdicts += posted.new
        self.counts.letters += posted.letters
        self.counts.whys.update(posted.whys)
        if posted.new:
            _log.info("notice_verdicts", verdicts=posted.new, letters=posted.letters)
        if posted.too_old:
            _log.warning("notice_calls_too_old", calls=posted.too_old, remedy="none: they are over 30 days old")
