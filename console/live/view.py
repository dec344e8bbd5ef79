"""The state of all calls and services: looked up once for all viewers, and sent to each when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from console.database import Backend
from console.operators import Operator
from ivr.records import CallSummary, Fate, Query, RecordedEntry, ServiceState
from storage.errors import StorageError

_log = structlog.get_logger(__name__)

CARDS: Final = 60
RECENT: Final = 14
STREAMS: Final = 8
"""In how many places one operator may watch; if there are more, the oldest one ends. Today's browsers open six."""
_SILENT_ENDS_SHOWN_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call in progress.

    Attributes:
        call: the call's summary so far.
        last: the call's last entry of each kind.
    """

    call: CallSummary
    last: Mapping[str, RecordedEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of calls and services at a moment.

    Attributes:
        calls: calls in progress, the oldest first, at most `CARDS`.
        in_progress: how many calls are in progress.
        recent: the calls that ended last.
        services: the services that answer calls, and those that recently ended without a word.
        logins: the operators whose logins are in force, by the digest of the login's token.
    """

    calls: Sequence[LiveCall]
    in_progress: int
    recent: Sequence[CallSummary]
    services: Sequence[ServiceState]
    logins: Mapping[str, Operator]


@dataclass(frozen=True, slots=True)
class Away:
    """The state of calls and services cannot be looked up.

    Attributes:
        problem: what the store says.
        ours: whether it is a fault of the console.
    """

    problem: str
    ours: bool = False


State = Snapshot | Away


@dataclass(frozen=True, slots=True)
class Crowded:
    """A viewer's last state: too many newer viewers of the same operator have taken its place."""


@dataclass(slots=True, eq=False)
class _Watcher:
    crowded_out: bool = False


def look(backend: Backend) -> Snapshot:
    """Return the state of calls and services now. This blocks.

    Raises:
        StorageError: the store cannot be used.
    """
    calls = backend.calls
    going_on = calls.search(Query(outcome=Fate.IN_PROGRESS.value, limit=CARDS))[::-1]
    last = calls.last_entries([call.call_id for call in going_on])
    latest = calls.search(Query(limit=RECENT + len(going_on)))
    return Snapshot(
        calls=[LiveCall(call, last[call.call_id]) for call in going_on],
        in_progress=len(going_on) if len(going_on) < CARDS else calls.in_progress(),
        recent=[call for call in latest if not call.in_progress][:RECENT],
        services=services_to_show(calls.services()),
        logins=backend.sessions.in_force(),
    )


def services_to_show(services: Sequence[ServiceState]) -> list[ServiceState]:
    """Return live services and those that lately ended without a word; if there are none, the first one."""
    alive = [service for service in services if service.alive]
    latest = max((service.beat_at for service in services), default=None)
    crashed = [
        service
        for service in services
        if not service.alive
        and service.stopped_at is None
        and latest is not None
        and latest - service.beat_at < _SILENT_ENDS_SHOWN_FOR
    ]
    return [*alive, *crashed] if alive or crashed else list(services[:1])


class LiveView:
    """Looks up the state of calls and services while someone watches.

    Args:
        look: returns the state; called in a thread.
        every_s: seconds between two looks.
    """

    def __init__(self, look: Callable[[], Snapshot], *, every_s: float) -> None:
        self._look = look
        self._every_s = every_s
        self._state: State | None = None
        self._news = asyncio.Condition()
        self._watchers: dict[str, list[_Watcher]] = {}
        self._closed = False
        self._looks_begun = self._looks_done = 0
        self._rendered: dict[tuple[str, bool], tuple[State, str]] = {}

    async def run(self) -> None:
        """Look until the console ends."""
        while not self._closed:
            async with self._news:
                await self._news.wait_for(lambda: self._watchers or self._closed)
            await self._update()
            await asyncio.sleep(self._every_s)

    async def watch(self, operator: str) -> AsyncGenerator[State | Crowded | None, None]:
        """Yield the state, at once and whenever it changes; yield None every 5 s, to keep the connection alive.

        Args:
            operator: who watches. If they watch in more than `STREAMS` places, the oldest of them ends, not the newest.
        """
        mine = _Watcher()
        self._begin(operator, mine)
        try:
            async with self._news:
                self._news.notify_all()
                # The last look does not know a login that started after it, so the first state must be a new one.
                looks = self._looks_begun
                await self._news.wait_for(lambda: self._is_over(mine) or self._looks_done > looks)
            seen: State | None = None
            while not self._is_over(mine):
                state = await self._other_than(seen, mine)
                if self._is_over(mine):
                    break
                yield None if state is seen else state
                seen = state
            if mine.crowded_out:
                yield Crowded()
        finally:
            self._end(operator, mine)

    def _begin(self, operator: str, watcher: _Watcher) -> None:
        theirs = self._watchers.setdefault(operator, [])
        theirs.append(watcher)
        if len(theirs) > STREAMS:
            theirs.pop(0).crowded_out = True

    def _end(self, operator: str, watcher: _Watcher) -> None:
        theirs = [other for other in self._watchers.pop(operator, []) if other is not watcher]
        if theirs:
            self._watchers[operator] = theirs

    def _is_over(self, watcher: _Watcher) -> bool:
        return self._closed or watcher.crowded_out

    async def _other_than(self, seen: State | None, watcher: _Watcher) -> State | None:
        """Wait up to 5 s for another state, and return the current one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_KEEP_ALIVE_S), self._news:
                await self._news.wait_for(lambda: self._is_over(watcher) or self._state is not seen)
        return self._state

    def once(self, key: tuple[str, bool], state: State, make: Callable[[tuple[str, bool], State], str]) -> str:
        """Return what `make` makes of a state, which is called once for all viewers with the same key."""
        known = self._rendered.get(key)
        if known is None or known[0] is not state:
            known = self._rendered[key] = state, make(key, state)
        return known[1]

    async def close(self) -> None:
        """End all viewers."""
        async with self._news:
            self._closed = True
            self._news.notify_all()

    async def _update(self) -> None:
        self._looks_begun += 1
        try:
            state: State = await asyncio.to_thread(self._look)
        except StorageError as error:
            state = Away(str(error))
        except Exception as error:  # noqa: BLE001 - otherwise every viewer's page stands still without a word
            _log.exception("live_view_failed")
            state = Away(type(error).__name__, ours=True)
        async with self._news:
            self._looks_done = self._looks_begun
            if state != self._state:
                self._state = state
            self._news.notify_all()


_KEEP_ALIVE_S: Final = 5.0
