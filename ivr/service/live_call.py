"""One live call, from its caller's admission to the outcome that it leaves in the channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import structlog

from ivr.call.caller import Caller
from ivr.call.dialogue.events import Ending
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.call.guidance import Guidance
from ivr.call.log import CallLog
from ivr.call.session import CallSession
from ivr.call.transcript import fan_out
from ivr.host.settings import Settings
from ivr.media.clock import Media
from ivr.records import CallBegan, Recorder
from ivr.service.stores import CallStores
from ivr.service.watching.monitoring import Monitoring
from ivr.telephony.fastagi.server import AgiChannel
from prompts import Catalogue

_log = structlog.get_logger(__name__)

OUTCOME_VARIABLE: Final = "KARIPASS_OUTCOME"
REASON_VARIABLE: Final = "KARIPASS_REASON"
_NO_AUDIO_REMEDY: Final = "can Asterisk reach the address in KARIPASS_AUDIOSOCKET_HOST and _PORT?"
_SILENT_ASTERISK_REMEDY: Final = (
    "is the name of Asterisk's host in its /etc/hosts (`ivr doctor` looks)? is the host too busy? see Asterisk's log"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCalls:
    """Runs calls, each in a task of its own.

    Attributes:
        settings: addresses and limits.
        guidance: the guidance, by language.
        store: makes the calls' stores.
        media: the clock of the calls' audio.
        recorder: writes the calls' records.
        monitoring: watches the service.
    """

    settings: Settings
    guidance: Guidance
    store: CallStores
    media: Media
    recorder: Recorder
    monitoring: Monitoring

    async def take(self, channel: AgiChannel, caller: Caller) -> None:
        """Run a call until it is over."""
        admission = await self.store.admission(caller)
        uuid = uuid4()
        loop = asyncio.get_running_loop()
        session = self._session(uuid.hex[:12], channel, caller, self.guidance.after(admission))
        structlog.contextvars.bind_contextvars(call=session.call_id)  # for the lines of libraries, too: one task a call
        _log.info("call_began", caller=caller.shown or str(caller.refusal))
        try:
            done = self.media.expect(uuid, session)
            session.handle(admission, loop.time())
            await channel.execute("ANSWER")
            await self._exchange_audio(channel, uuid)
            if self.media.forget(uuid) and not channel.hung_up:
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
            # However it ended, Asterisk is done with this call, and so is the caller. So must we be.
            self.media.forget(uuid)
            self.media.abandon(session)
            if not session.over:
                session.hung_up(loop.time())
            self.monitoring.let_end(_channel_id(channel))
        if not session.over:
            await done  # the store still works
        await _report(channel, session.ending)

    async def _exchange_audio(self, channel: AgiChannel, uuid: UUID) -> None:
        """Have the channel run AudioSocket until the call is over."""
        settings = self.settings
        await channel.execute(
            "EXEC",
            "AudioSocket",
            f"{uuid},{settings.audiosocket_host}:{settings.audiosocket_port}",
            timeout_s=settings.call_s + AFTER_THE_CALL_S,
        )

    def _session(self, call_id: str, channel: AgiChannel, caller: Caller, catalogue: Catalogue) -> CallSession:
        now = asyncio.get_running_loop().time()
        record = self.recorder.begin(
            CallBegan(
                call_id=call_id,
                channel_id=_channel_id(channel),
                trunk=endpoint_of(channel.request.variables.get("channel", "")),
                began_at=self.store.now(),
                caller=caller.shown,
                language=catalogue.language,
            )
        )
        watched = self.monitoring.observer(call_id, _channel_id(channel), caller)

        def broken() -> None:
            session.fault(asyncio.get_running_loop().time())
            self.media.abandon(session)

        session = CallSession(
            call_id,
            caller,
            catalogue,
            limits=self.settings.limits,
            observer=fan_out(CallLog(call_id), record, watched),
            store=self.store.of_call(caller, call_id, broken=broken),
            now=now,
        )
        record.attach(session)
        return session


def _channel_id(channel: AgiChannel) -> str:
    return channel.request.variables.get("uniqueid", "")


def endpoint_of(channel: str) -> str:
    """Name the endpoint that a channel belongs to: `trunk` for `PJSIP/trunk-0000002a`."""
    return channel.partition("/")[2].rpartition("-")[0]


async def _report(channel: AgiChannel, ending: Ending | None) -> None:
    """Leave the outcome in the channel. Without one the dialplan apologises to a caller who is still there."""
    if ending is None or ending.reason in ("stream_broken", "fault"):
        return
    await channel.execute("SET VARIABLE", REASON_VARIABLE, ending.reason)
    await channel.execute("SET VARIABLE", OUTCOME_VARIABLE, ending.outcome)
