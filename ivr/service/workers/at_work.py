"""A worker's side of its line: what it is told to do, the places of its calls, what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

from ivr.records.vitals import Vitals
from ivr.service.watching.turned_away import TurnedAway
from ivr.service.workers import messages
from ivr.service.workers.line import Line
from ivr.service.workers.messages import Message, WorkerProtocolError

_log = structlog.get_logger(__name__)

REPORT_S: Final = 0.5
"""How often a worker reports how it is."""


class AtWork:
    """A worker's line (`ivr.service.places.CallPlaces`).

    Args:
        line: the line.

    Attributes:
        stop: set when the service stops.
        hand_over: set when others answer the calls to come, or when the process that started us has gone.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._requests = count(1)
        self._asked: dict[int, tuple[str, asyncio.Future[TurnedAway | None]]] = {}
        self._alone = False
        self._vitals: Callable[[], Vitals] = Vitals
        self._metrics: Callable[[], bytes] = bytes
        self.stop = asyncio.Event()
        self.hand_over = asyncio.Event()

    # --- places ---------------------------------------------------------------------------------------------

    async def take(self, number: str) -> TurnedAway | None:
        """Take a place for a call from this number ("" for none); returns why there is none, or None."""
        if self._alone:
            return TurnedAway.STOPPING
        request = next(self._requests)
        placed: asyncio.Future[TurnedAway | None] = asyncio.get_running_loop().create_future()
        self._asked[request] = number, placed
        self._line.send(messages.TakePlace(request=request, number=number))
        return await placed

    def give_back(self, number: str) -> None:
        """Give back the place of a call that has ended."""
        self._line.send(messages.GiveBack(number=number))

    # --- the line -------------------------------------------------------------------------------------------

    async def run(self, vitals: Callable[[], Vitals], metrics: Callable[[], bytes]) -> None:
        """Obey and report until the line ends.

        Args:
            vitals: reads how this worker is.
            metrics: writes its metrics' page.
        """
        self._vitals, self._metrics = vitals, metrics
        reporting = asyncio.create_task(self._report())
        try:
            async for message in self._line.messages():
                self._obey(message)
        except WorkerProtocolError as error:
            _log.error("worker_line_broken", problem=str(error))
        finally:
            reporting.cancel()
            self._left_alone()

    def serving(self) -> None:
        """Say that calls can come."""
        self._line.send(messages.Serving(version=messages.VERSION))

    async def end(self) -> None:
        """Send the last metrics, and hang up."""
        self._line.send(messages.MetricsPage(request=0, page=self._metrics().decode()))
        await self._line.all_sent()
        self._line.close()

    def _obey(self, message: Message) -> None:
        match message:
            case messages.Placed(request=request, refusal=refusal) if request in self._asked:
                self._tell(*self._asked.pop(request), refusal)
            case messages.ReadMetrics(request=request):
                self._line.send(messages.MetricsPage(request=request, page=self._metrics().decode()))
            case messages.HandOver():
                self.hand_over.set()
            case messages.Stop():
                self.stop.set()
            case _:
                raise WorkerProtocolError(f"a {type(message).__name__} came to a worker")

    def _tell(self, number: str, placed: asyncio.Future[TurnedAway | None], refusal: TurnedAway | None) -> None:
        if not placed.done():
            placed.set_result(refusal)
        elif refusal is None:
            self.give_back(number)  # the call has ended before it got its place

    def _left_alone(self) -> None:
        self._alone = True
        while self._asked:
            _, (number, placed) = self._asked.popitem()
            self._tell(number, placed, TurnedAway.STOPPING)
        self.hand_over.set()

    async def _report(self) -> None:
        while True:
            self._line.send(messages.Report(vitals=self._vitals().as_json()))
            await asyncio.sleep(REPORT_S)
