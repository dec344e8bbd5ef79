"""Where the audit trail ends, told to the log as it grows.

The trail cannot prove by itself that its newest records are still there (`credentials.audit`). The log can, if whoever
can write to the database cannot reach it: each append of this process is one line of it, and what other processes
append is told when the store's watch finds it. `ivr audit verify --since` takes what such a line tells.
"""

from __future__ import annotations

import threading

import structlog

from credentials.audit import Head

_log = structlog.get_logger(__name__)


class AuditHeads:
    """Takes heads of the trail to the log, each once. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = 0
        self._found: Head | None = None

    @property
    def records(self) -> int | None:
        """How many records the trail had when it was looked at last; None if it was not."""
        return None if self._found is None else self._found.position

    def appended(self, head: Head) -> None:
        """Tell of an append of this process, which is committed."""
        with self._lock:
            self._told = max(self._told, head.position)
        _log.info("audit_trail", audit_head=str(head))

    def found(self, head: Head) -> None:
        """Tell what the database has: what others appended, or that records are gone."""
        with self._lock:
            before, self._found = self._found, head
            is_new, self._told = head.position > self._told, max(self._told, head.position)
        if before is not None and _is_cut(before, head):
            _log.error("audit_trail_cut", audit_head=str(head), audit_head_before=str(before))
        elif is_new:
            _log.info("audit_trail", audit_head=str(head))


def _is_cut(before: Head, now: Head) -> bool:
    return now.position < before.position or (now.position == before.position and now != before)
