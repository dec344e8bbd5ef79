"""Writes a call's events into the log."""

from __future__ import annotations

import structlog

from ivr.call.dialogue.events import Verdict
from ivr.call.transcript import Ended, EntryJudged, TranscriptEntry

_log = structlog.get_logger(__name__)


class CallLog:
    """Logs what an operator needs to know of a call: which entries were wrong, and how the call ended.

    Args:
        call_id: the call.
    """

    def __init__(self, call_id: str) -> None:
        self._log = _log.bind(call=call_id)

    def __call__(self, at_s: float | None, entry: TranscriptEntry) -> None:
        """Log an entry of the transcript, if an operator needs it."""
        match entry:
            case EntryJudged(judged) if judged.verdict is not Verdict.ACCEPTED:
                self._log.info("entry_refused", step=judged.step, verdict=judged.verdict.value, attempt=judged.attempt)
            case Ended(ending):
                self._log.info(
                    "call_ended", outcome=ending.outcome.value, reason=ending.reason, seconds=round(at_s or 0.0, 1)
                )
