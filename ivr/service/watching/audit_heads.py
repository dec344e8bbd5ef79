"""Logs where the audit trail ends, as it grows.

The trail cannot prove by itself that its newest records are still there (`credentials.audit`). The log can, if nobody
who can write to the database can reach it. Each append of this process is one line of the log. What other processes
append is logged when the store's watch finds it. `ivr audit verify --since` takes the head that such a line gives.
"""

from __future__ import annotations

import threading

import structlog

from credentials.audit import Head

_log = structlog.get_logger(__name__)


class AuditHeads:
    """Writes the heads of the trail to the log, each once. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = 0
        self._found: Head | None = None

    @property
    def records(self) -> int | None:
        """How many records the trail had when it was last read; None if it has not been read."""
        return None if self._found is None else self._found.position

    def appended(self, head: Head) -> None:
        """Log an append of this process, which is committed."""
        with self._lock:
            self._told = max(self._told, head.position)
        _log.info("audit_trail", audit_head=str(head))

    def found(self, head: Head) -> None:
        """Log what the database has: the records that others appended, or that records are gone."""
        with self._lock:
            before, self._found = self._found, head
            is_new, self._told = head.position > self._told, max(self._told, head.position)
        if before is not None and _is_cut(before, head):
            _log.error("audit_trail_cut", audit_head=str(head), audit_head_before=str(before))
        elif is_new:
            _log.info("audit_trail", audit_head=str(head))


def _is_cut(before: Head, now: Head) -> bool:
    return now.position < before.position or (now.position == before.position and now != before)
