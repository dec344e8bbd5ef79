"""A worker's service: one process that answers the access number's calls.

A call reaches us twice. Over FastAGI, Asterisk says who calls and asks what to do. We look the caller up, answer, and
have the channel run AudioSocket. Over AudioSocket the call's audio comes and goes, driven by the media clock. When the
dialogue is over the stream ends, and over FastAGI we leave the outcome in the channel for the dialplan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from ivr.call.guidance import Guidance
from ivr.host.settings import Settings
from ivr.media.clock import Media, Tick
from ivr.records import Recorder
from ivr.service.admission import Admission
from ivr.service.doors import Doors
from ivr.service.live_call import LiveCalls
from ivr.service.places import CallPlaces
from ivr.service.reception import Reception
from ivr.service.stores import CallStores
from ivr.service.strain import Strain
from ivr.service.watching.lateness import Lateness
from ivr.service.watching.monitoring import Monitoring
from ivr.service.watching.turned_away import TurnedAway
from ivr.telephony.audiosocket.server import AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi.server import AgiLimits, FastAgiServer

_log = structlog.get_logger(__name__)


class Service:
    """Answers calls until it is stopped.

    Args:
        settings: addresses and limits.
        store: makes the calls' stores.
        guidance: the guidance, by language.
        agi_secret: the secret that our Asterisk knows; without it, anyone who reached our port could claim to be any
            caller.
        recorder: writes the calls' records.
        monitoring: watches the service and everything that it depends on.
        places: gives the calls their places.
    """

    def __init__(
        self,
        settings: Settings,
        store: CallStores,
        guidance: Guidance,
        agi_secret: str,
        recorder: Recorder,
        monitoring: Monitoring,
        places: CallPlaces,
    ) -> None:
        self._settings = settings
        self._monitoring = monitoring
        self._guidance = guidance
        self._store = store
        self._handed_over = False
        self._lateness = Lateness()
        self._strain = Strain(lambda: self._store.behind_s)
        self._admission = Admission()
        self._media = Media(ticked=self._ticked)
        calls = LiveCalls(
            settings=settings,
            guidance=guidance,
            store=self._store,
            media=self._media,
            recorder=recorder,
            monitoring=monitoring,
        )
        turned_away = monitoring.metrics.turned_away
        self._reception = Reception(
            settings, agi_secret, admission=self._admission, places=places, turned_away=turned_away, take=calls.take
        )
        self._agi = FastAgiServer(
            self._reception.serve,
            AgiLimits(connections=settings.calls * 2),
            door=self._reception.stranger,
            refused=lambda: turned_away(TurnedAway.TOO_MANY_CONNECTIONS),
        )
        self._audiosocket = AudioSocketServer(self._media.attach, AudioSocketLimits(connections=settings.calls * 2))
        monitoring.attach(self)

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return self._reception.calls

    @property
    def listening(self) -> bool:
        """Whether calls can come."""
        return self._reception.opened and not self._handed_over

    @property
    def tick_age_s(self) -> float:
        """Seconds since the media clock's last tick."""
        return self._media.tick_age_s

    @property
    def late_s(self) -> float:
        """How late, in seconds, the most delayed tick of the media clock in the last seconds was."""
        return self._lateness.most_s

    @property
    def strain(self) -> str:
        """The sign by which new calls are turned away; "" if they are taken."""
        return self._admission.sign or ""

    @property
    def languages(self) -> Sequence[str]:
        """The languages whose guidance is loaded."""
        return self._guidance.languages

    @property
    def hashes_running(self) -> int:
        """How many passwords are being stored."""
        return self._store.running

    @property
    def hashes_waiting(self) -> int:
        """How many passwords wait to be stored."""
        return self._store.waiting

    @property
    def clock_ahead_s(self) -> float | None:
        """By how many seconds this host's clock is ahead of the database's; None if that is not known."""
        return self._store.clock_ahead_s

    async def run(
        self,
        doors: Doors,
        stop: asyncio.Event,
        hand_over: asyncio.Event,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve until one of the events is set, then let the calls in progress end.

        Args:
            doors: where calls come in.
            stop: nobody answers calls any more: those that still come are refused, and the doors stay ours to the end,
                for another in our place would command Asterisk.
            hand_over: others answer the calls to come, at a door that we share.
            ready: called when calls can come.
        """
        await self._agi.listen(self._settings.agi_host, 0, doors.agi)
        await self._audiosocket.listen(self._settings.audiosocket_host, 0, doors.audio)
        calls_over = asyncio.Event()
        watching = asyncio.create_task(self._monitoring.run(calls_over))
        clock = asyncio.create_task(self._media.run())
        self._reception.opened = True
        ready()
        stopped, handed_over = asyncio.create_task(stop.wait()), asyncio.create_task(hand_over.wait())
        try:
            await asyncio.wait({clock, stopped, handed_over}, return_when=asyncio.FIRST_COMPLETED)
            if clock.done():
                clock.result()  # the clock ends only by a fault: let it be seen
            await self._finish(stopped)
            self._agi.stop_listening()
            self._audiosocket.stop_listening()
        finally:
            self._reception.opened = False
            for task in (stopped, handed_over, clock):
                task.cancel()
            self._store.close()
            calls_over.set()
            await watching

    async def _finish(self, stopped: asyncio.Task[bool]) -> None:
        """Let the calls in progress end; who has handed over may then be told to stop."""
        if not stopped.done():
            self._handed_over = True
            self._agi.stop_listening()
            _log.info("handed_over", calls_to_end=self.calls, at_most_s=self._settings.stop_s)
            idle = asyncio.create_task(self._agi.idle.wait())  # those at the door are served, too
            await asyncio.wait({stopped, idle}, timeout=self._settings.stop_s, return_when=asyncio.FIRST_COMPLETED)
            idle.cancel()
        self._reception.opened = False
        if stopped.done():
            await self._let_calls_end()
        elif self.calls:
            self._tell_of_cut_off()

    async def _let_calls_end(self) -> None:
        calls = self._reception.calls
        if not calls:
            return
        _log.info(
            "stopping",
            calls_to_end=calls,
            at_most_s=self._settings.stop_s,
            to_end_them="a second SIGTERM or Ctrl-C does it at once",
        )
        try:
            async with asyncio.timeout(self._settings.stop_s):
                await self._reception.empty.wait()
        except TimeoutError:
            self._tell_of_cut_off()

    def _tell_of_cut_off(self) -> None:
        _log.warning("calls_cut_off", calls=self.calls, after_s=self._settings.stop_s)

    def _ticked(self, tick: Tick) -> None:
        self._lateness.add(tick.late_s)
        self._monitoring.metrics.tick_late(tick.late_s)
        strained, limited = self._strain.sign is not None, self._admission.sign is not None
        self._strain.ticked(tick)
        sign = self._strain.sign
        self._admission.note(sign, self.calls)
        if sign is not None and not strained:
            _log.warning("host_strained", by=sign.value, calls=self.calls, takes=self._admission.limit)
        elif limited and self._admission.sign is None:
            _log.info("takes_calls_again", calls=self.calls)
