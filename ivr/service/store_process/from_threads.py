"""Asks a store process from threads that are not the event loop's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from credentials.audit import Head
from ivr.records.changes import Change
from ivr.service.store_process import messages
from ivr.service.store_process.codec import StoreProtocolError, encode
from ivr.service.store_process.link import StoreLink, head_of
from ivr.service.store_process.messages import FromService


class _FromThreads:
    """Asks a store process from a thread that is not the loop's. Blocks that thread."""

    def __init__(self, link: StoreLink, loop: asyncio.AbstractEventLoop) -> None:
        self._link = link
        self._loop = loop

    def _ask(self, make: Callable[[int], FromService]) -> messages.Reply:
        request = self._link.new_request()
        asked = self._link.ask(request, encode(make(request)))  # made here, not on the loop
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


class LinkedRecords(_FromThreads):
    """Writes call records by way of a store process (`ivr.records.recorder.Writer`)."""

    def write(self, changes: Sequence[Change]) -> int:
        """Write changes in their order; returns how many the database refuses for good."""
        return _count(self._ask(lambda request: messages.Write(request=request, changes=tuple(changes))))

    def mark_lost(self) -> int:
        """Mark the calls whose service has ended; returns how many."""
        return _count(self._ask(lambda request: messages.MarkLost(request=request)))

    def forget_before(self, moment: datetime) -> int:
        """Remove some of the finished calls that started before `moment`; returns how many."""
        return _count(self._ask(lambda request: messages.ForgetBefore(request=request, moment=moment)))


class LinkedProbe(_FromThreads):
    """Asks whether the store can be used (`ivr.service.watching.store_watch.Probe`)."""

    def __call__(self) -> Head:
        """Return where the audit trail ends.

        Raises:
            StoreUnavailable: the store cannot be read or written.
        """
        reply = self._ask(lambda request: messages.Probe(request=request))
        if not isinstance(reply, messages.Probed):
            raise StoreProtocolError(f"a Probe was answered by a {type(reply).__name__}")
        return head_of(reply.head)


def _count(reply: messages.Reply) -> int:
    if not isinstance(reply, messages.Done):
        raise StoreProtocolError(f"a request for call records was answered by a {type(reply).__name__}")
    return reply.count
