"""`ivr calls --follow`: prints calls as they start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ivr.cli.common import print_error
from ivr.cli.serving.interrupts import Interrupts
from ivr.records import CallReader, CallSummary, Query
from storage.errors import StoreUnavailable

_EVERY_S: Final = 1.0
_LOOK_BACK: Final = timedelta(minutes=30)
"""Longer than any call."""

Seen = tuple[str, str]


class Follower:
    """Finds calls that have started or ended since it was made.

    Args:
        reader: finds calls.
        query: which calls to find; its limit does not count.
    """

    def __init__(self, reader: CallReader, query: Query) -> None:
        self._reader = reader
        self._query = query
        self._seen = {_seen(call) for call in self._recent()}

    def saw(self, calls: Iterable[CallSummary]) -> None:
        """Note calls that have been shown already."""
        self._seen |= {_seen(call) for call in calls}

    def follow(self, show: Callable[[Sequence[CallSummary]], None], interrupts: Interrupts) -> None:
        """Show each call when it starts and when it has ended, until interrupted.

        A call whose outcome changes (it was taken for lost, and was not) is shown again. If the database is away, one
        line says so.

        Args:
            show: called with the calls that are new or have another outcome, the earliest first.
            interrupts: say when to stop.
        """
        is_away = False
        while not interrupts.wait(_EVERY_S):
            try:
                found = [call for call in reversed(self._recent()) if _seen(call) not in self._seen]
            except StoreUnavailable as error:
                if not is_away:
                    print_error(StoreUnavailable(f"{error}; calls are printed again when it is back"))
                is_away = True
                continue
            is_away = False
            self.saw(found)
            if found:
                show(found)

    def _recent(self) -> list[CallSummary]:
        """Find all calls that may still go on, or ended a moment ago."""
        since = datetime.now(UTC) - _LOOK_BACK
        query = replace(self._query, since=max(since, self._query.since or since), limit=None)
        return self._reader.search(query)


def _seen(call: CallSummary) -> Seen:
    return call.call_id, call.outcome
