"""A queue before the login: hashing is expensive, and must not take the threads that every page needs.

A password's hash takes 64 MiB and a good part of a second, on purpose, and anyone may ask for one. So few are computed
at once, in their own threads, and few may wait. If all places are taken, the next one is asked to try again later.

Someone who asks without end must not keep others out. So two ways lead to the hashes and take turns: one for browsers
in which that operator has logged in before, one for strangers. On each way the sources (a known browser, an address)
take turns, too, however many tries of one source wait. When all places of a way are taken, the source that holds most
of them gives one up for a source that holds fewer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
import structlog
from anyio import CapacityLimiter, to_thread
from starlette.responses import Response

from logs.summary import Summary

_log = structlog.get_logger(__name__)

PLACES: Final = 10
"""How many tries may wait on each way; the last of them waits for a second or two."""
AGAIN_S: Final = 3
"""After this long it is worth trying again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source of tries; all its tries share its turns.

    Attributes:
        name: an address or a network, or the mark that a known browser shows.
        known: whether an operator has logged in there before.
    """

    name: str
    known: bool = False

    @property
    def shown(self) -> str:
        """The source's name for the log. (The mark of a known browser is a secret.)"""
        return "known browser" if self.known else self.name


@dataclass(slots=True, eq=False)
class _Ticket:
    """A try that waits.

    Attributes:
        called: set when the wait is over.
        turned_away: whether another source got the place.
    """

    called: anyio.Event = field(default_factory=anyio.Event)
    turned_away: bool = False


class _Way:
    """The tries that wait, by source; the source whose turn is next comes first."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[_Ticket]] = {}

    def enter(self, source: str, ticket: _Ticket) -> bool:
        """Take a place; return False if there is none."""
        if sum(map(len, self._waiting.values())) >= PLACES and not self._make_room(source):
            return False
        self._waiting.setdefault(source, deque()).append(ticket)
        return True

    def leave(self, source: str, ticket: _Ticket) -> None:
        """Give a place up, unless it was lost already."""
        if ticket in self._waiting.get(source, ()):
            self._take(source, ticket)

    def call(self) -> _Ticket | None:
        """Take the next try out of the queue; return None if none waits."""
        source = next(iter(self._waiting), None)
        if source is None:
            return None
        ticket = self._waiting[source][0]
        self._take(source, ticket)
        if source in self._waiting:
            self._waiting[source] = self._waiting.pop(source)  # its next turn comes after those of all others
        return ticket

    def _make_room(self, source: str) -> bool:
        most = max(self._waiting, key=lambda other: len(self._waiting[other]))
        if len(self._waiting[most]) <= len(self._waiting.get(source, ())) + 1:
            return False
        ticket = self._waiting[most][-1]
        self._take(most, ticket)
        ticket.turned_away = True
        ticket.called.set()
        return True

    def _take(self, source: str, ticket: _Ticket) -> None:
        self._waiting[source].remove(ticket)
        if not self._waiting[source]:
            del self._waiting[source]


class LoginQueue:
    """Serves a few logins at a time. Use it on one event loop.

    Args:
        at_once: how many logins are served at once.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._threads = CapacityLimiter(at_once)
        self._running = 0
        self._known, self._strangers = _Way(), _Way()
        self._turns = deque([self._known, self._strangers])
        self._turned_away = Summary(lambda sources: _log.warning("login_queue_full", sources=sources))

    async def run(self, source: Source, serve: Callable[[], Response]) -> Response | None:
        """Wait for a turn, and call `serve` in a thread.

        Args:
            source: where the try comes from.
            serve: makes the answer; it may block.

        Returns:
            The answer of `serve`; None if there was no place to wait, or another source got it.
        """
        way, ticket = self._known if source.known else self._strangers, _Ticket()
        if not way.enter(source.name, ticket):
            self._turned_away.add(source.shown)
            return None
        self._call()
        try:
            await ticket.called.wait()
            if ticket.turned_away:
                self._turned_away.add(source.shown)
                return None
            return await to_thread.run_sync(serve, limiter=self._threads)
        finally:
            way.leave(source.name, ticket)
            if ticket.called.is_set() and not ticket.turned_away:
                self._running -= 1
                self._call()

    def _call(self) -> None:
        """Call as many as may be served now."""
        while self._running < self._at_once and (ticket := self._next()) is not None:
            self._running += 1
            ticket.called.set()

    def _next(self) -> _Ticket | None:
        for way in tuple(self._turns):
            ticket = way.call()
            if ticket is not None:
                self._turns.remove(way)
                self._turns.append(way)
                return ticket
        return None
