"""Connections of our HTTP servers, with limits so that nobody can hold them idle.

uvicorn lets a connection that asks for nothing stay for ever, and counts it: a stranger who opens enough of them shuts
everyone else out, without a login. Here a request must be complete within a time limit, and the client must take its
answer. If there are too many connections, the oldest one that waits for its client is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S: Final = 15.0
"""How long it may take from when a request is awaited until all of it has arrived; ours have at most 16 KiB."""
TAKEN_WITHIN_S: Final = 20.0
"""How long a client may leave its answer untouched; a browser that comes back asks again."""


class BoundedConnection(H11Protocol):
    """One of at most `most` connections; each server sets `most` in a subclass.

    Attributes:
        most: how many connections there may be.
        request_within_s: how long a whole request may take to arrive.
        taken_within_s: how long an answer may wait for the client to take any of it.
    """

    most: ClassVar[int]
    request_within_s: ClassVar[float] = REQUEST_WITHIN_S
    taken_within_s: ClassVar[float] = TAKEN_WITHIN_S

    @property
    def idle(self) -> bool:
        """Whether this connection waits for its client: for the rest of a request, or until it takes its answer."""
        answering = self.cycle is not None and not self.cycle.response_complete and not self._awaits_request
        return not answering or self._taking_due.runs

    @property
    def _awaits_request(self) -> bool:
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the time limits, and close an idle connection if there are now too many."""
        super().connection_made(transport)
        self.came_at = self.loop.time()
        self._request_due = _Due(self.loop, self.request_within_s, transport.abort)
        self._taking_due = _Due(self.loop, self.taken_within_s, transport.abort)
        self._watch_request()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limits."""
        self._request_due.cancel()
        self._taking_due.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle what the client sent, now or before the last answer was finished."""
        super().handle_events()
        self._watch_request()

    def pause_writing(self) -> None:
        """Start the limit for taking an answer, because the client takes no more for now."""
        super().pause_writing()
        self._taking_due.start()

    def resume_writing(self) -> None:
        """Stop that limit, because the client takes more again."""
        self._taking_due.cancel()
        super().resume_writing()

    def _watch_request(self) -> None:
        if self._awaits_request:
            self._request_due.start()
        else:
            self._request_due.cancel()

    def _make_room(self) -> None:
        """Close the oldest idle connection; if none is idle, close none."""
        others = [one for one in self.connections if isinstance(one, BoundedConnection) and one is not self]
        idle = [one for one in others if one.idle]
        if idle:
            oldest = min(idle, key=lambda one: one.came_at)
            self.connections.discard(oldest)  # it learns of its end in the loop's next turn; more may come in this one
            oldest.transport.abort()


class _Due:
    """Does something after a while, unless it is cancelled before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, after_s: float, do: Callable[[], None]) -> None:
        self._loop = loop
        self._after_s = after_s
        self._do = do
        self._handle: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        return self._handle is not None

    def start(self) -> None:
        """Start to wait; if it waits already, change nothing."""
        if self._handle is None:
            self._handle = self._loop.call_later(self._after_s, self._do)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
