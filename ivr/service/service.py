"""The service: one process that answers the access number's calls.

A call reaches us twice. Over FastAGI Asterisk says who calls and asks what to do; we look the caller up, answer, and
have the channel run AudioSocket. Over AudioSocket its audio comes and goes, driven by the media clock. When the
dialogue is over the stream ends, and over FastAGI we leave the outcome in the channel for the dialplan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID, uuid4

import structlog

from credentials.store import CredentialStore
from ivr.call.caller import Caller, caller_from_network
from ivr.call.dialogue import Dialogue
from ivr.call.dialogue.events import Admitted, Ending, NotAdmitted, StoreAway
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.call.guidance import Guidance
from ivr.call.log import CallLog
from ivr.call.session import CallSession
from ivr.call.transcript import fan_out
from ivr.errors import PortTaken
from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from ivr.media.clock import Media
from ivr.records import CallBegan, Recorder
from ivr.service.health import HttpServer
from ivr.service.metrics import TurnedAway
from ivr.service.monitoring import Monitoring
from ivr.service.places import Places
from ivr.service.presented import presented_by
from ivr.service.store_threads import StoreThreads
from ivr.telephony.audiosocket.server import AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi.proof import SECRET_FILE, proves
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits, FastAgiServer
from prompts import Catalogue
from storage.clock import utc_now

_log = structlog.get_logger(__name__)

OUTCOME_VARIABLE: Final = "KARIPASS_OUTCOME"
REASON_VARIABLE: Final = "KARIPASS_REASON"
CALLER_VARIABLE: Final = "KARIPASS_CALLER"
CAP_VARIABLE: Final = "KARIPASS_CALL_CAP_S"
_NO_AUDIO_REMEDY: Final = "can Asterisk reach the address in KARIPASS_AUDIOSOCKET_HOST and _PORT?"
_SILENT_ASTERISK_REMEDY: Final = (
    "is the name of Asterisk's host in its /etc/hosts (`ivr doctor` looks)? is the host too busy? see Asterisk's log"
)
_ADMISSION_S: Final = 15.0
"""Longer than the store waits for a busy database."""


class Service:
    """Answers calls until it is told to stop.

    Args:
        settings: addresses and limits.
        store: the credential store.
        guidance: what is said, by language.
        agi_secret: what our Asterisk knows: who reaches our port without it could else claim to be any caller.
        recorder: keeps what happens in the calls.
        monitoring: watches the service and what it stands on.
    """

    def __init__(
        self,
        settings: Settings,
        store: CredentialStore,
        guidance: Guidance,
        agi_secret: str,
        recorder: Recorder,
        monitoring: Monitoring,
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._monitoring = monitoring
        self._health = monitoring.attach(self)
        self._listening = False
        self._store = StoreThreads(store, patience_s=_ADMISSION_S, failed=lambda session: self._media.abandon(session))
        self._guidance = guidance
        self._agi_secret = agi_secret
        self._media = Media(late=monitoring.metrics.tick_late)
        self._agi = FastAgiServer(
            self._serve_call,
            AgiLimits(connections=settings.calls * 2),
            door=self._stranger,
            refused=lambda: monitoring.metrics.turned_away(TurnedAway.TOO_MANY_CONNECTIONS),
        )
        self._audiosocket = AudioSocketServer(self._media.attach, AudioSocketLimits(connections=settings.calls * 2))
        self._calls = 0
        self._places = Places(settings.calls_of_a_number)
        self._no_calls = asyncio.Event()

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return self._calls

    @property
    def listening(self) -> bool:
        """Whether calls can come."""
        return self._listening

    @property
    def tick_age_s(self) -> float:
        """Seconds since the media clock's last tick."""
        return self._media.tick_age_s

    @property
    def languages(self) -> Sequence[str]:
        """Of which guidance is loaded."""
        return self._guidance.languages

    @property
    def hashes_running(self) -> int:
        """Passwords that are being stored."""
        return self._store.running

    @property
    def hashes_waiting(self) -> int:
        """Passwords that wait for that."""
        return self._store.waiting

    async def run(
        self,
        stop: asyncio.Event,
        ready: Callable[[], None] = lambda: None,
        letting_calls_end: Callable[[int], None] = lambda _calls: None,
        handed: HandedSockets | None = None,
    ) -> None:
        """Serve until `stop` is set, then let the calls that are there end.

        Args:
            stop: ends it.
            ready: called when calls can come.
            letting_calls_end: called with the number of calls that keep it from ending, which may take `stop_s`.
            handed: sockets to listen at, where they are for our addresses.

        Raises:
            PortTaken: a port is in use.
        """
        settings = self._settings
        handed = handed or HandedSockets({})
        await _listen(self._agi, settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT (or _HOST)", handed)
        await _listen(
            self._audiosocket,
            settings.audiosocket_bind or settings.audiosocket_host,
            settings.audiosocket_port,
            "KARIPASS_AUDIOSOCKET_PORT (or _HOST, _BIND)",
            handed,
        )
        await _listen(
            self._health, settings.health_host, settings.health_port, "KARIPASS_HEALTH_PORT (or _HOST)", handed
        )
        if handed.left:
            _log.warning(
                "sockets_not_used", addresses=handed.left, remedy="let the socket unit name the service's ports"
            )
        calls_over = asyncio.Event()
        watching = asyncio.create_task(self._monitoring.run(calls_over))
        clock = asyncio.create_task(self._media.run())
        self._listening = True
        ready()
        _log.info("serving", access_number=settings.access_number, agi_port=settings.agi_port)
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({clock, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if clock.done():
                clock.result()  # the clock never ends but by a fault: let it be seen
            self._listening = False
            await self._let_calls_end(
                letting_calls_end
            )  # and keep the ports: another in our place would command Asterisk
            self._agi.stop_listening()
            self._audiosocket.stop_listening()
        finally:
            self._listening = False
            stopped.cancel()
            clock.cancel()
            self._store.close()
            calls_over.set()
            await watching
        _log.info("stopped")

    async def _let_calls_end(self, tell: Callable[[int], None]) -> None:
        if not self._calls:
            return
        _log.info(
            "stopping",
            calls_to_end=self._calls,
            at_most_s=self._settings.stop_s,
            to_end_them="a second SIGTERM or Ctrl-C does it at once",
        )
        tell(self._calls)
        self._no_calls.clear()
        try:
            async with asyncio.timeout(self._settings.stop_s):
                await self._no_calls.wait()
        except TimeoutError:
            _log.warning("calls_cut_off", calls=self._calls, after_s=self._settings.stop_s)

    # --- one call, over FastAGI -----------------------------------------------------------------------------

    async def _stranger(self, channel: AgiChannel) -> str | None:
        if await proves(channel, self._agi_secret):
            return None
        self._monitoring.metrics.turned_away(TurnedAway.WRONG_SECRET)
        return f"wrong secret: the file that {SECRET_FILE} names in Asterisk's [globals] must hold KARIPASS_AGI_SECRET"

    async def _serve_call(self, channel: AgiChannel) -> None:
        if not self._listening:
            _log.warning("call_refused", reason="stopping")
            self._monitoring.metrics.turned_away(TurnedAway.STOPPING)
            return  # without an outcome the dialplan apologises
        if self._calls >= self._settings.calls:
            _log.warning("call_refused", reason="too many calls", limit=self._settings.calls)
            self._monitoring.metrics.turned_away(TurnedAway.TOO_MANY_CALLS)
            return  # without an outcome the dialplan apologises
        self._calls += 1
        try:
            await self._access_number(channel)
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    async def _access_number(self, channel: AgiChannel) -> None:
        await self._set_cap(channel)
        caller = caller_from_network(await presented_by(channel))
        await channel.execute("SET VARIABLE", CALLER_VARIABLE, caller.number or "")
        number = caller.number or ""
        try:
            if self._places.take(number):
                await self._take_call(channel, caller, await self._store.admission(caller))
            else:
                _log.warning("call_refused", reason="too many calls of one number", caller=number)
                self._monitoring.metrics.turned_away(TurnedAway.TOO_MANY_OF_A_NUMBER)
        finally:
            self._places.give_back(number)

    async def _take_call(
        self, channel: AgiChannel, caller: Caller, admission: Admitted | NotAdmitted | StoreAway
    ) -> None:
        uuid = uuid4()
        loop = asyncio.get_running_loop()
        session = self._session(uuid.hex[:12], channel, caller, self._guidance.after(admission))
        structlog.contextvars.bind_contextvars(call=session.call_id)  # for the lines of libraries, too: one task a call
        _log.info("call_began", caller=caller.number or caller.unread or str(caller.refusal))
        try:
            done = self._media.expect(uuid, session)
            session.handle(admission, loop.time())
            await channel.execute("ANSWER")
            await self._exchange_audio(channel, uuid)
            if self._media.forget(uuid) and not channel.hung_up:
                session.stream_broken(loop.time())
                _log.error("no_audio", call=session.call_id, remedy=_NO_AUDIO_REMEDY)
        except TimeoutError:
            _log.error(
                "asterisk_did_not_answer",
                call=session.call_id,
                command=channel.command,
                remedy=_SILENT_ASTERISK_REMEDY,
            )
            session.stream_broken(loop.time())  # not the caller's doing
            raise
        finally:
            # However it ended, Asterisk has done with this call: so has the caller, and so must we.
            self._media.forget(uuid)
            self._media.abandon(session)
            if not session.over:
                session.hung_up(loop.time())
            self._monitoring.let_end(_channel_id(channel))
        if not session.over:
            await done  # the store works still
        await _report(channel, session.ending)

    async def _set_cap(self, channel: AgiChannel) -> None:
        """We are there: the dialplan's short limit gives way to the one for a service that hangs."""
        cap = await channel.get_variable(CAP_VARIABLE) or ""
        seconds = cap if cap.isascii() and cap.isdigit() else f"{self._settings.call_s + 2 * AFTER_THE_CALL_S:.0f}"
        await channel.execute("SET VARIABLE", "TIMEOUT(absolute)", seconds)

    async def _exchange_audio(self, channel: AgiChannel, uuid: UUID) -> None:
        """Have the channel run AudioSocket until the call is over."""
        settings = self._settings
        await channel.execute(
            "EXEC",
            "AudioSocket",
            f"{uuid},{settings.audiosocket_host}:{settings.audiosocket_port}",
            timeout_s=settings.call_s + AFTER_THE_CALL_S,
        )

    def _session(self, call_id: str, channel: AgiChannel, caller: Caller, catalogue: Catalogue) -> CallSession:
        now = asyncio.get_running_loop().time()
        number = caller.number or ""
        record = self._recorder.begin(
            CallBegan(
                call_id=call_id,
                channel_id=_channel_id(channel),
                trunk=endpoint_of(channel.request.variables.get("channel", "")),
                began_at=utc_now(),
                caller=number or caller.unread,
                language=catalogue.language,
            )
        )
        log = CallLog(call_id, lambda ending: self._store.begin_noting(ending, caller=number, call_id=call_id))
        session = CallSession(
            call_id,
            Dialogue(number, limits=self._settings.limits, now=now),
            catalogue,
            observer=fan_out(log, record, self._monitoring.observer(call_id, _channel_id(channel), number)),
            store=lambda session, command: self._store.begin_storing(session, command, number),
            withdraw=self._store.withdraw,
            now=now,
        )
        record.attach(session)
        return session


def _channel_id(channel: AgiChannel) -> str:
    return channel.request.variables.get("uniqueid", "")


def endpoint_of(channel: str) -> str:
    """The endpoint that a channel belongs to: `trunk` of `PJSIP/trunk-0000002a`."""
    return channel.partition("/")[2].rpartition("-")[0]


async def _report(channel: AgiChannel, ending: Ending | None) -> None:
    """Leave the outcome in the channel. Without one the dialplan apologises to a caller who is still there."""
    if ending is None or ending.reason in ("stream_broken", "fault"):
        return
    await channel.execute("SET VARIABLE", REASON_VARIABLE, ending.reason)
    await channel.execute("SET VARIABLE", OUTCOME_VARIABLE, ending.outcome)


async def _listen(
    server: FastAgiServer | AudioSocketServer | HttpServer, host: str, port: int, setting: str, handed: HandedSockets
) -> None:
    try:
        await server.listen(host, port, handed.take(host, port))
    except OSError as error:
        raise PortTaken(f"{host}:{port} cannot be listened on ({error.strerror}): change {setting}") from None
