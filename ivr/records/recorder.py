"""Brings calls into their records: notes are taken at once in memory, and written by a thread.

A call never waits for its record. While the database is away the changes wait, up to a bound, and are written when it
is back.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from ivr.call.dialogue.events import Verdict
from ivr.call.dialogue.table import STEPS
from ivr.call.session import CallSession
from ivr.call.transcript import Ended, EntryJudged, KeyHeard, KeyMissed, TranscriptEntry
from ivr.records.changes import Change, ChannelEnded, EntryNoted, Progress, ServiceBeat
from ivr.records.model import CallBegan, Hangup, RtpQuality, recorded
from ivr.records.vitals import BEAT_S, Vitals
from storage.clock import Clock, utc_now
from storage.errors import StoreUnavailable

_log = structlog.get_logger(__name__)

GATHER_S: Final = 0.25
"""Changes that come within this time are written together."""
RETRY_S: Final = 2.0
WAITING: Final = 50_000
"""How many changes may wait for the database: about 500 calls of a minute."""
FLUSH_S: Final = 10.0
"""How long the service tries to write what is left during shutdown."""
_BATCH: Final = 100
"""How many changes one transaction writes. The store is in the same database, and SQLite has one writer at a time. On a
machine with no processor to spare, a transaction of 500 took so long that callers' passwords gave up."""
_BREATH_S: Final = 0.1
"""The pause between two transactions: SQLite hands its lock to nobody, and a waiting writer looks only this often."""
_TIDY_S: Final = 3600.0
_TIDY_AGAIN_S: Final = 60.0
"""How long to wait after a failed tidying: each attempt may have waited long for the database."""


class Writer(Protocol):
    """Writes changes into the database (`ivr.records.writing.CallWriter`). Its methods block.

    They raise `StoreUnavailable` if the database cannot serve; then nothing was changed.
    """

    def write(self, changes: Sequence[Change]) -> int:
        """Write changes in their order; returns how many the database refuses for good."""

    def mark_lost(self) -> int:
        """Mark the calls whose service has ended; returns how many."""

    def forget_before(self, moment: datetime) -> int:
        """Remove some of the finished calls that started before `moment`; returns how many."""


class Recorder:
    """Takes what happens in the calls of a service, and writes it.

    Args:
        writer: writes the changes.
        keep: how long a call's record is kept.
        clock: gives the time.

    Attributes:
        vitals: reads what the service reports about itself; called in the recorder's thread, which writes it at each
            beat and whenever one of its states changes.
        left_out: how many changes will never be written: there was no room for them, or the database refused them.
    """

    def __init__(self, writer: Writer, *, keep: timedelta, clock: Clock = utc_now) -> None:
        self.vitals: Callable[[], Vitals] = Vitals
        self.left_out = 0
        self._writer = writer
        self._keep = keep
        self._clock = clock
        self._changes: queue.Queue[Change] = queue.Queue(WAITING)
        self._progress: dict[str, Progress] = {}
        self._unwritten: list[Change] = []
        self._left_out_told = 0
        self._away = False
        self._next_beat = self._next_tidying = time.monotonic()
        self._forgotten = 0
        self._beaten = Vitals()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    @property
    def waiting(self) -> int:
        """How many changes are not written yet."""
        return self._changes.qsize() + len(self._progress) + len(self._unwritten)

    @property
    def running(self) -> bool:
        """Whether changes are being written."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what is left, as far as the database takes it, and stop. Blocks for `FLUSH_S` at most."""
        self._stopping.set()
        self._thread.join(FLUSH_S + RETRY_S)
        if self.waiting:
            _log.error("records_lost", changes=self.waiting, reason="the database did not take them before the end")

    def begin(self, call: CallBegan) -> CallRecorder:
        """Start the record of a call; returns the observer that notes what happens in it."""
        return CallRecorder(call, self._put if self._put(call) else self._leave_out)

    def channel_ended(self, call_id: str, hangup: Hangup, rtp: RtpQuality | None) -> None:
        """Note how a call's channel ended, as the exchange reported it."""
        self._put(ChannelEnded(call_id, hangup, rtp))

    def _put(self, change: Change) -> bool:
        """Take a change; returns whether there was room. A call's progress, which holds its end, always has room."""
        if isinstance(change, Progress):
            self._progress[change.call_id] = change
            return True
        try:
            self._changes.put_nowait(change)
        except queue.Full:
            return self._leave_out(change)
        return True

    def _leave_out(self, _change: Change) -> bool:
        self.left_out += 1
        return False

    # --- the thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.wait(RETRY_S if self._away else GATHER_S):
            try:
                self._beat()
                while self._write():
                    time.sleep(_BREATH_S)
                self._tidy()
            except Exception:  # noqa: BLE001 - the border of the thread: later changes must still be written
                _log.exception("recorder_failed")
                self.left_out += len(self._unwritten)
                self._unwritten = []
        self._unwritten.append(ServiceBeat(self.vitals(), stopped=True))
        give_up = time.monotonic() + FLUSH_S
        while self._write() or self._unwritten:
            if time.monotonic() > give_up:
                return
            if self._away:
                time.sleep(RETRY_S)

    def _beat(self) -> None:
        now, vitals = time.monotonic(), self.vitals()
        if now >= self._next_beat or vitals.states != self._beaten.states:
            self._next_beat, self._beaten = now + BEAT_S, vitals
            self._unwritten.append(ServiceBeat(vitals))

    def _write(self) -> bool:
        """Write what waits; returns whether there is more that could be written at once."""
        progress = [self._progress.pop(call_id) for call_id in list(self._progress)]
        while len(self._unwritten) < _BATCH and not self._changes.empty():
            self._unwritten.append(self._changes.get_nowait())
        if self._changes.empty():
            self._unwritten += progress  # after everything that was put before it, the call's start included
        else:
            for change in progress:
                self._progress.setdefault(change.call_id, change)
        if not self._unwritten:
            return False
        try:
            self.left_out += self._writer.write(self._unwritten)
        except StoreUnavailable as error:
            if not self._away:
                _log.error("records_wait", problem=str(error))
            self._away = True
            self._unwritten = _without_what_is_old(self._unwritten)
            return False
        if self._away:
            _log.info("records_written_again", changes=len(self._unwritten))
        self._away = False
        self._unwritten = []
        if self.left_out > self._left_out_told:
            _log.error("records_incomplete", changes_left_out=self.left_out - self._left_out_told)
            self._left_out_told = self.left_out
        return not self._changes.empty()

    def _tidy(self) -> None:
        """Now and then mark lost calls and forget old ones.

        It forgets a few old calls at a time, because there may be many if they were kept for too long. So nothing waits
        for it: not the records of calls in progress, not the passwords that callers set in the same database, and not
        the end of the service.
        """
        now = time.monotonic()
        if now < self._next_tidying or self._away:
            return
        self._next_tidying = now + _TIDY_AGAIN_S
        try:
            if lost := self._writer.mark_lost():
                _log.warning("calls_lost", calls=lost, reason="the service that had them ended before they did")
            forgotten = self._writer.forget_before(self._clock() - self._keep)
        except StoreUnavailable as error:
            _log.warning("records_not_tidied", problem=str(error), again_in_s=_TIDY_AGAIN_S, remedy=_TIDY_REMEDY)
            return
        self._forgotten += forgotten
        if forgotten:
            self._next_tidying = now  # for more: after the changes of calls meanwhile, and a pause for other writers
            return
        self._next_tidying = now + _TIDY_S
        if self._forgotten:
            _log.info("records_forgotten", calls=self._forgotten, kept_days=self._keep.days)
            self._forgotten = 0


class CallRecorder:
    """An observer of one call, for `ivr.call.transcript`.

    Entries whose time must not be known wait for the next entry that has one: then their order is known, but not their
    moment.

    Args:
        call: what is known of the call.
        put: takes a change; must not block.
    """

    def __init__(self, call: CallBegan, put: Callable[[Change], object]) -> None:
        self._put = put
        self._began_at = call.began_at
        self._position = 0
        self._untimed: list[TranscriptEntry] = []
        self._session: CallSession | None = None
        self._progress = Progress(
            call_id=call.call_id,
            language=call.language,
            unit=None,
            target=None,
            step="admission",
            wrong_entries=0,
            silences=0,
            keys=0,
            missed=0,
        )

    def attach(self, session: CallSession) -> None:
        """Set the call whose unit, target and step are noted with its entries."""
        self._session = session

    def __call__(self, at_s: float | None, entry: TranscriptEntry) -> None:
        """Note an entry."""
        if at_s is None:
            self._untimed.append(entry)
            return
        untimed, self._untimed = self._untimed, []
        for earlier in untimed:
            self._note(None, earlier)
        self._note(at_s, entry)
        self._put(self._progress)

    def _note(self, at_s: float | None, entry: TranscriptEntry) -> None:
        self._put(EntryNoted(self._progress.call_id, recorded(self._position, at_s, entry)))
        self._position += 1
        self._progress = self._after(at_s, entry)

    def _after(self, at_s: float | None, entry: TranscriptEntry) -> Progress:
        progress = self._progress
        if self._session is not None:
            unit, state = self._session.unit, self._session.state
            progress = replace(
                progress,
                language=self._session.language,
                unit=None if unit is None else unit.value,
                target=self._session.target,
                step=state.value if state in STEPS else progress.step,
            )
        match entry:
            case KeyHeard(counted=True):
                return replace(progress, keys=progress.keys + 1)
            case KeyMissed():
                return replace(progress, missed=progress.missed + 1)
            case EntryJudged(judged) if judged.verdict is Verdict.WRONG:
                return replace(progress, wrong_entries=progress.wrong_entries + 1)
            case EntryJudged(judged) if judged.verdict is Verdict.SILENT:
                return replace(progress, silences=progress.silences + 1)
            case Ended(ending):
                ended_at = self._began_at + timedelta(seconds=at_s or 0.0)
                return replace(progress, ended_at=ended_at, outcome=ending.outcome.value, reason=ending.reason)
        return progress


_TIDY_REMEDY: Final = (
    "old records stay until it works; if it goes on, does another program hold the database, or is its disk full?"
)


def _without_what_is_old(changes: list[Change]) -> list[Change]:
    """Drop earlier beats, and earlier progress of each call: only the last one of each says anything."""
    last = {_subject(change): change for change in changes}
    return [change for change in changes if _subject(change) is None or last[_subject(change)] is change]


def _subject(change: Change) -> str | None:
    match change:
        case ServiceBeat():
            return ""
        case Progress(call_id=call_id):
            return call_id
    return None
