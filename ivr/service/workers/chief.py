"""The chief: starts the workers, starts them again when they end, replaces them under calls, and lets them stop.

It runs on the event loop of a process that does nothing else of a call, so it has no part in the media clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import count
from socket import socket
from typing import Any, Final

import structlog

from ivr.errors import PortTaken
from ivr.records.vitals import Vitals, vitals_from_json
from ivr.service.doors import AudioDoors
from ivr.service.places import Places
from ivr.service.workers import messages
from ivr.service.workers.line import Line
from ivr.service.workers.merged import merged_page, merged_vitals
from ivr.service.workers.messages import Message, WorkerProtocolError
from ivr.service.workers.process import WorkerNotStarted, WorkerProcess

_log = structlog.get_logger(__name__)

_LOOK_S: Final = 1.0
SILENT_LOOKS: Final = 20
"""A worker that has said nothing at this many looks, a second apart, hangs. (A standstill of the host is one look.)"""
_BACK_OFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""The pauses before a worker is started in the place of one that has ended, the last one for ever; from the first one
again once a worker has lived for `_SETTLED_S`."""
_SETTLED_S: Final = 30.0
_PAGE_S: Final = 2.0
"""How long a worker may take to write its metrics."""
_KEPT_S: Final = 300.0
"""How long the last metrics of a worker that has ended are shown: Prometheus must read its last counts once."""

StartWorker = Callable[[int, socket], WorkerProcess]


class _Phase(Enum):
    STARTING = auto()
    SERVING = auto()
    ENDING = auto()


@dataclass(eq=False, kw_only=True)
class _Worker:
    number: int
    process: WorkerProcess
    line: Line
    free_door: Callable[[], None]
    serving: asyncio.Future[None]
    phase: _Phase = _Phase.STARTING
    vitals: Vitals = field(default_factory=Vitals)
    heard_at: float = field(default_factory=time.monotonic)
    silent_looks: int = 0
    pages: dict[int, asyncio.Future[str]] = field(default_factory=dict)


class Chief:
    """Keeps so many workers at work.

    Args:
        start: starts a worker, given its number and its door for audio.
        doors: the doors for audio.
        places: the places for calls.
    """

    def __init__(self, start: StartWorker, doors: AudioDoors, places: Places) -> None:
        self._start_process = start
        self._doors = doors
        self._places = places
        self._workers: dict[int, _Worker] = {}
        self._last_pages: dict[int, tuple[float, str]] = {}
        self._requests = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._stopping = False
        self._replacing = asyncio.Lock()
        self._all_ended = asyncio.Event()

    # --- what the service's process does with it ------------------------------------------------------------

    async def start(self, workers: int) -> None:
        """Start workers; returns when all of them take calls.

        Raises:
            WorkerNotStarted: one did not come up.
            PortTaken: there is no port for one.
        """
        await self._start()  # it may upgrade the store's schema: one at a time
        await asyncio.gather(*(self._start() for _ in range(workers - 1)))
        self._keep(self._watch())

    async def replace(self, workers: int) -> None:
        """Start new workers, and let each old one end as soon as a new one takes calls. Calls in progress go on.

        If a new worker does not come up, the old ones that are left stay. The log says why.

        Args:
            workers: how many there are to be.
        """
        async with self._replacing:
            old = [worker for worker in self._workers.values() if worker.phase is not _Phase.ENDING]
            try:
                for place in range(workers):
                    await self._start()
                    if place < len(old):
                        self._hand_over(old[place])
            except (WorkerNotStarted, PortTaken) as error:
                _log.error("workers_not_replaced", problem=str(error), meanwhile="the old ones go on")
                return
            for worker in old[workers:]:
                self._hand_over(worker)
            _log.info("workers_replaced", workers=workers)

    async def stop(self, patience_s: float) -> None:
        """Let all workers end, with their calls; they refuse new ones. End those that take longer than `patience_s`."""
        self._stopping = True
        for worker in self._workers.values():
            worker.phase = _Phase.ENDING
            worker.line.send(messages.Stop())
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self._workers:
                    self._all_ended.clear()
                    await self._all_ended.wait()
        self.kill_all()
        for task in self._tasks:
            task.cancel()

    def kill_all(self) -> None:
        """End all workers at once, calls or not. May be called in a signal handler."""
        for worker in list(self._workers.values()):
            worker.process.kill()

    def vitals(self) -> Vitals:
        """Say how the service is."""
        now = time.monotonic()
        return merged_vitals(
            [
                replace(worker.vitals, tick_age_s=worker.vitals.tick_age_s + max(now - worker.heard_at, 0.0))
                if worker.vitals.tick_age_s is not None
                else worker.vitals
                for worker in self._workers.values()
            ]
        )

    async def page(self) -> bytes:
        """Write the metrics of all workers, and the last ones of those that ended a short while ago."""
        numbers = list(self._workers)
        asked = await asyncio.gather(*(self._page_of(self._workers[number]) for number in numbers))
        now = time.monotonic()
        self._last_pages = {key: kept for key, kept in self._last_pages.items() if now - kept[0] < _KEPT_S}
        pages = {number: page for number, page in zip(numbers, asked, strict=True) if page}
        return merged_page(pages, {number: page for number, (_, page) in self._last_pages.items()})

    async def _page_of(self, worker: _Worker) -> str:
        request = next(self._requests)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        worker.pages[request] = answer
        worker.line.send(messages.ReadMetrics(request=request))
        try:
            async with asyncio.timeout(_PAGE_S):
                return await answer
        except TimeoutError:
            return ""
        finally:
            del worker.pages[request]

    # --- one worker -----------------------------------------------------------------------------------------

    async def _start(self) -> None:
        number = next(each for each in count(1) if each not in self._workers)
        door = self._doors.take()
        try:
            process = self._start_process(number, door)
        except WorkerNotStarted:
            self._doors.give_back(door)
            raise
        self._last_pages.pop(number, None)
        worker = _Worker(
            number=number,
            process=process,
            line=Line(process.end),
            free_door=lambda: self._doors.give_back(door),
            serving=asyncio.get_running_loop().create_future(),
        )
        self._workers[number] = worker
        self._keep(self._attend(worker))
        await worker.serving

    def _hand_over(self, worker: _Worker) -> None:
        worker.phase = _Phase.ENDING
        worker.line.send(messages.HandOver())

    async def _attend(self, worker: _Worker) -> None:
        """Hear a worker until it has ended, and start another in its place if it was not to end."""
        began = time.monotonic()
        try:
            async for message in worker.line.messages():
                worker.heard_at, worker.silent_looks = time.monotonic(), 0
                self._take(worker, message)
        except WorkerProtocolError as error:
            _log.error("worker_line_broken", worker=worker.number, problem=str(error))
        status = await asyncio.get_running_loop().run_in_executor(None, worker.process.wait)
        del self._workers[worker.number]
        self._places.give_all_back(worker.number)
        worker.free_door()
        for page in worker.pages.values():
            if not page.done():
                page.set_result("")
        self._all_ended.set()
        match worker.phase:
            case _Phase.ENDING:
                _log.info("worker_ended", worker=worker.number, process=worker.process.pid, status=status)
            case _Phase.STARTING if not worker.serving.done():
                worker.serving.set_exception(
                    WorkerNotStarted(f"a worker has ended with status {status}: see what it logged before")
                )
            case _Phase.SERVING if not self._stopping:
                self._failures = 1 if time.monotonic() - began > _SETTLED_S else self._failures + 1
                _log.error(
                    "worker_died",
                    worker=worker.number,
                    process=worker.process.pid,
                    status=status,
                    calls=worker.vitals.calls,
                    meanwhile="its calls hear an apology; another worker is started",
                )
                self._keep(self._start_another())

    async def _start_another(self) -> None:
        while not self._stopping:
            await asyncio.sleep(_BACK_OFF_S[min(self._failures, len(_BACK_OFF_S)) - 1])
            try:
                await self._start()
            except (WorkerNotStarted, PortTaken) as error:
                self._failures += 1
                _log.error("worker_not_started", problem=str(error))
            else:
                return

    def _take(self, worker: _Worker, message: Message) -> None:
        match message:
            case messages.Report(vitals=vitals):
                worker.vitals = vitals_from_json(vitals)
            case messages.TakePlace(request=request, number=number):
                refusal = self._places.take(worker.number, number)
                worker.line.send(messages.Placed(request=request, refusal=refusal))
            case messages.GiveBack(number=number):
                self._places.give_back(worker.number, number)
            case messages.MetricsPage(request=0, page=page):
                self._last_pages[worker.number] = time.monotonic(), page
            case messages.MetricsPage(request=request, page=page):
                if (asked := worker.pages.get(request)) is not None and not asked.done():
                    asked.set_result(page)
            case messages.Serving(version=messages.VERSION) if worker.phase is _Phase.STARTING:
                worker.phase = _Phase.SERVING
                worker.serving.set_result(None)
                _log.info("worker_ready", worker=worker.number, process=worker.process.pid)
            case messages.Serving(version=version) if version != messages.VERSION:
                self._refuse(
                    worker,
                    f"the program was upgraded, and its workers speak version {version} now and this"
                    f" process {messages.VERSION}: restart the service",
                )
            case messages.NotServing(problem=problem):
                self._refuse(worker, problem)
            case _:
                raise WorkerProtocolError(f"a {type(message).__name__} came from a worker")

    @staticmethod
    def _refuse(worker: _Worker, problem: str) -> None:
        if not worker.serving.done():
            worker.serving.set_exception(WorkerNotStarted(problem))
        worker.phase = _Phase.ENDING
        worker.line.close()

    async def _watch(self) -> None:
        """End workers that hang."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for worker in self._workers.values():
                worker.silent_looks += 1
                if worker.silent_looks == SILENT_LOOKS and worker.phase is not _Phase.STARTING:
                    _log.error("worker_silent", worker=worker.number, looks=SILENT_LOOKS, remedy="it is ended")
                    worker.process.kill()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
