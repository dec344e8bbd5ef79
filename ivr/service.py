"""The service: one process that answers the access number's calls.

A call reaches us twice. Over FastAGI Asterisk says who calls and asks what to do; we look the caller up, answer, and
have the channel run AudioSocket. Over AudioSocket its audio comes and goes, driven by the media clock. When the
dialogue is over the stream ends, and over FastAGI we leave the outcome in the channel for the dialplan.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import uuid4

import structlog

from credentials import CredentialStore
from ivr.call import CallSession
from ivr.caller import Caller, caller_from_network
from ivr.dialogue import Dialogue
from ivr.dialogue.events import (
    Admitted,
    Ending,
    NotAdmitted,
    NotStored,
    Outcome,
    StoreAway,
    Stored,
    StorePassword,
    Verdict,
)
from ivr.media import Media
from ivr.settings import Settings
from ivr.store_events import admit, note_ending, store_password
from ivr.telephony.audiosocket_server import AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi_server import AgiChannel, AgiLimits, ChannelGone, FastAgiServer
from ivr.transcript import Ended, EntryJudged, TranscriptEntry
from prompts import Catalogue

_log = structlog.get_logger(__name__)

OUTCOME_VARIABLE: Final = "KARIPASS_OUTCOME"
REASON_VARIABLE: Final = "KARIPASS_REASON"
_AFTER_THE_CALL_S: Final = 120.0
"""The last guidance and the store's work come on top of the call's limit."""


_STORE_S: Final = 15.0
"""How long a caller waits for the store: longer than the store waits for a busy database."""


class PortTaken(Exception):  # noqa: N818 - reads as what it says
    """A port of ours is in use; the message names the setting that changes it."""


class Service:
    """Answers calls until it is told to stop.

    Args:
        settings: addresses and limits.
        store: the credential store.
        catalogues: guidance by language; must have the settings' language.
    """

    def __init__(self, settings: Settings, store: CredentialStore, catalogues: Mapping[str, Catalogue]) -> None:
        self._settings = settings
        self._store = store
        self._catalogues = catalogues
        self._media = Media()
        self._agi = FastAgiServer(self._serve_call, AgiLimits(connections=settings.calls * 2))
        self._audiosocket = AudioSocketServer(self._media.attach, AudioSocketLimits(connections=settings.calls * 2))
        self._admissions = ThreadPoolExecutor(4, thread_name_prefix="admission")
        self._storing = ThreadPoolExecutor(16, thread_name_prefix="storing")
        self._withdrawn: dict[str, threading.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._no_calls = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then let the calls that are there end.

        Raises:
            PortTaken: a port is in use.
        """
        settings = self._settings
        await _listen(self._agi, settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT")
        await _listen(
            self._audiosocket,
            settings.audiosocket_host,
            settings.audiosocket_port,
            "KARIPASS_AUDIOSOCKET_PORT",
        )
        clock = asyncio.create_task(self._media.run())
        _log.info("serving", access_number=settings.access_number, agi_port=settings.agi_port)
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({clock, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if clock.done():
                clock.result()  # the clock never ends but by a fault: let it be seen
            self._agi.stop_listening()
            await self._let_calls_end()
            self._audiosocket.stop_listening()
        finally:
            stopped.cancel()
            clock.cancel()
            self._admissions.shutdown(wait=False)
            self._storing.shutdown(wait=True)
        _log.info("stopped")

    async def _let_calls_end(self) -> None:
        if not self._calls:
            return
        _log.info("stopping", calls_to_end=self._calls)
        self._no_calls.clear()
        try:
            async with asyncio.timeout(self._settings.stop_s):
                await self._no_calls.wait()
        except TimeoutError:
            _log.warning("calls_cut_off", calls=self._calls, after_s=self._settings.stop_s)

    # --- one call, over FastAGI -----------------------------------------------------------------------------

    async def _serve_call(self, channel: AgiChannel) -> None:
        self._calls += 1
        try:
            await self._access_number(channel)
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    async def _access_number(self, channel: AgiChannel) -> None:
        caller = caller_from_network(
            await channel.get_variable("CALLERID(num)"), await channel.get_variable("CALLERID(pres)")
        )
        uuid = uuid4()
        call_id = uuid.hex[:12]
        loop = asyncio.get_running_loop()
        admission = await self._admission(caller)
        language = admission.line.language if isinstance(admission, Admitted) else self._settings.language
        session = self._session(call_id, caller, language)
        _log.info("call_began", call=call_id, caller=caller.number or str(caller.refusal))
        try:
            await channel.execute("ANSWER")
            done = self._media.expect(uuid, session)
            session.handle(admission, loop.time())
            settings = self._settings
            await channel.execute(
                "EXEC",
                "AudioSocket",
                f"{uuid},{settings.audiosocket_host}:{settings.audiosocket_port}",
                timeout_s=settings.call_s + _AFTER_THE_CALL_S,
            )
        except (ChannelGone, TimeoutError):
            if self._media.forget(uuid):
                session.hung_up(loop.time())
            raise
        if self._media.forget(uuid):
            session.hung_up(loop.time())
            if not channel.hung_up:
                _log.error(
                    "no_audio",
                    call=call_id,
                    remedy="can Asterisk reach the address in KARIPASS_AUDIOSOCKET_HOST and _PORT?",
                )
            return  # without an outcome the dialplan apologises
        await done
        if session.ending is not None:
            await channel.execute("SET VARIABLE", REASON_VARIABLE, session.ending.reason)
            await channel.execute("SET VARIABLE", OUTCOME_VARIABLE, session.ending.outcome)

    async def _admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Ask the store who calls; it may take its time, but the caller's is limited."""
        asked = asyncio.get_running_loop().run_in_executor(self._admissions, admit, self._store, caller)
        try:
            return await asyncio.wait_for(asked, _STORE_S)
        except TimeoutError:
            _log.error("store_away", during="admission", problem=f"no answer within {_STORE_S} s")
            return StoreAway()

    def _session(self, call_id: str, caller: Caller, language: str) -> CallSession:
        now = asyncio.get_running_loop().time()
        catalogue = self._catalogues.get(language) or self._catalogues[self._settings.language]
        number = caller.number or ""
        return CallSession(
            call_id,
            Dialogue(number, limits=self._settings.limits, now=now),
            catalogue,
            observer=_CallLog(call_id, lambda ending: self._begin_noting(ending, call_id, number)),
            store=lambda session, command: self._begin_storing(session, command, number),
            withdraw=lambda session: self._withdrawn[session.call_id].set(),
            now=now,
        )

    # --- storing, off the loop ------------------------------------------------------------------------------

    def _begin_storing(self, session: CallSession, command: StorePassword, caller: str) -> None:
        self._withdrawn[session.call_id] = withdrawn = threading.Event()
        self._keep(asyncio.create_task(self._store_password(session, command, caller, withdrawn)))

    async def _store_password(
        self, session: CallSession, command: StorePassword, caller: str, withdrawn: threading.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        answer: Stored | NotStored | StoreAway = StoreAway()
        stored = loop.run_in_executor(
            self._storing,
            lambda: store_password(
                self._store,
                command,
                caller=caller,
                call_id=session.call_id,
                still_wanted=lambda: not withdrawn.is_set(),
            ),
        )
        try:
            answer = await asyncio.wait_for(stored, _STORE_S)
        except TimeoutError:
            withdrawn.set()  # the caller hears that nothing was stored: it must stay so
            _log.error("not_stored", call=session.call_id, problem=f"the store did not answer within {_STORE_S} s")
        except Exception:  # noqa: BLE001 - the border of a call: the caller must be told, whatever it was
            _log.exception("storing_failed", call=session.call_id)
        del self._withdrawn[session.call_id]
        session.handle(answer, loop.time())

    def _begin_noting(self, ending: Ending, call_id: str, caller: str) -> None:
        if ending.outcome is Outcome.FAILED:
            self._keep(asyncio.create_task(self._note_failure(ending, call_id, caller)))

    async def _note_failure(self, ending: Ending, call_id: str, caller: str) -> None:
        note = functools.partial(note_ending, self._store, ending, caller=caller, call_id=call_id)
        await asyncio.get_running_loop().run_in_executor(self._storing, note)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _CallLog:
    """Writes what an operator needs of a call: what was wrong, and how it ended."""

    def __init__(self, call_id: str, ended: Callable[[Ending], None]) -> None:
        self._log = _log.bind(call=call_id)
        self._ended = ended

    def __call__(self, at_s: float, entry: TranscriptEntry) -> None:
        match entry:
            case EntryJudged(judged) if judged.verdict is not Verdict.ACCEPTED:
                self._log.info("entry_refused", step=judged.step, verdict=judged.verdict.value, attempt=judged.attempt)
            case Ended(ending):
                self._log.info("call_ended", outcome=ending.outcome.value, reason=ending.reason, seconds=round(at_s, 1))
                self._ended(ending)


async def _listen(server: FastAgiServer | AudioSocketServer, host: str, port: int, setting: str) -> None:
    try:
        await server.listen(host, port)
    except OSError as error:
        raise PortTaken(f"{host}:{port} cannot be used ({error.strerror}): set {setting} to another port") from None
