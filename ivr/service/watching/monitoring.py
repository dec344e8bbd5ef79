"""Everything that watches a service, as one thing: the link to Asterisk's manager, metrics, the store's watch.

The service hands itself over (`attach`), reports its calls (`observer`, `let_end`), and is watched while `run` runs.
Monitoring works the same if Asterisk's manager interface, or the database, is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from credentials.audit import Head
from ivr.call.caller import Caller
from ivr.call.transcript import Ended, Observer, TranscriptEntry, fan_out
from ivr.exchange.configuration import MANAGER_USER
from ivr.host.settings import Settings
from ivr.records import AmiState, Hangup, Recorder, RtpQuality, Vitals
from ivr.service.watching.audit_heads import AuditHeads
from ivr.service.watching.metrics import Metrics
from ivr.service.watching.store_watch import StoreWatch
from ivr.telephony.ami.channel_end import ChannelEnd
from ivr.telephony.ami.connection import AmiLogin
from ivr.telephony.ami.link import AmiLink, LinkState

_log = structlog.get_logger(__name__)


class Service(Protocol):
    """The service that is watched. Each answer comes at once."""

    @property
    def calls(self) -> int:
        """How many calls are in progress."""

    @property
    def listening(self) -> bool:
        """Whether calls can come."""

    @property
    def strain(self) -> str:
        """The sign by which new calls are turned away; "" if they are taken."""

    @property
    def tick_age_s(self) -> float:
        """Seconds since the media clock's last tick."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages whose guidance is loaded."""

    @property
    def late_s(self) -> float:
        """How late, in seconds, the most delayed tick of the media clock in the last seconds was."""

    @property
    def hashes_running(self) -> int:
        """How many passwords are being stored."""

    @property
    def hashes_waiting(self) -> int:
        """How many passwords wait to be stored."""

    @property
    def clock_ahead_s(self) -> float | None:
        """By how many seconds this host's clock is ahead of the database's; None if that is not known."""


class Monitoring:
    """Watches one service.

    Args:
        settings: the service's settings.
        ami_secret: the secret of the manager user.
        probe: asks the credential store, as `StoreWatch` needs it.
        recorder: writes the calls' records.
        heads: called with where the audit trail ends.
    """

    def __init__(
        self, settings: Settings, ami_secret: str, probe: Callable[[], Head], recorder: Recorder, heads: AuditHeads
    ) -> None:
        self._recorder = recorder
        self._heads = heads
        self._store_watch = StoreWatch(probe, heads.found)
        self.metrics = Metrics()
        self.link = AmiLink(
            AmiLogin(host=settings.ami_host, port=settings.ami_port, user=MANAGER_USER, secret=ami_secret)
        )
        self._service: Service | None = None

    def attach(self, service: Service) -> None:
        """Watch this service. Call it once."""
        self._service = service
        self.metrics.watch(self.vitals)

    def vitals(self) -> Vitals:
        """Gather what the service reports about itself. Any thread may call it."""
        service = self._service
        if service is None:
            return Vitals()
        return Vitals(
            calls=service.calls,
            listening=service.listening,
            languages=len(service.languages),
            strain=service.strain,
            tick_age_s=service.tick_age_s,
            late_ms=round(1000 * service.late_s, 1),
            hashes_running=service.hashes_running,
            hashes_waiting=service.hashes_waiting,
            records_waiting=self._recorder.waiting,
            records_left_out=self._recorder.left_out,
            recorder_up=self._recorder.running,
            store=self._store_watch.state,
            ami=_ami_state(self.link.state),
            audit_records=self._heads.records,
            clock_ahead_s=service.clock_ahead_s,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set; set it when calls are over."""
        watching = asyncio.create_task(self._store_watch.run())
        try:
            await self.link.run(stop)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    # --- calls ----------------------------------------------------------------------------------------------

    def observer(self, call_id: str, uniqueid: str, caller: Caller) -> Observer:
        """Make an observer of a call that starts now, and follow the call until Asterisk reports how its channel ended.

        Args:
            call_id: the call.
            uniqueid: Asterisk's name of its channel; `let_end` must be called with it in the end.
            caller: who calls.
        """
        number = caller.known_number
        self.link.follow(uniqueid).add_done_callback(lambda end: self._channel_ended(call_id, end.result()))
        self.link.call_began(call_id=call_id, uniqueid=uniqueid, caller=number)

        def tell_end(_at_s: float | None, entry: TranscriptEntry, /) -> None:
            if isinstance(entry, Ended):
                outcome, reason = entry.ending.outcome.value, entry.ending.reason
                self.link.call_ended(call_id=call_id, uniqueid=uniqueid, caller=number, outcome=outcome, reason=reason)

        return fan_out(self.metrics.observer(), tell_end)

    def let_end(self, uniqueid: str) -> None:
        """Note that the service is done with a call: Asterisk's event of its end is waited for only a little longer."""
        self.link.let_end(uniqueid)

    def _channel_ended(self, call_id: str, end: ChannelEnd) -> None:
        self.metrics.channel_ended(end)
        figures = end.rtp
        rtp = None
        told: dict[str, float | None] = {}
        if figures is not None:
            rtp = RtpQuality(lost_percent=figures.lost_percent, jitter_ms=figures.jitter_ms, rtt_ms=figures.rtt_ms)
            told |= {"lost_percent": figures.lost_percent, "jitter_ms": figures.jitter_ms}
        _log.info("channel_ended", call=call_id, cause=end.cause, meaning=end.text, **told)
        self._recorder.channel_ended(call_id, Hangup(cause=end.cause, text=end.text), rtp)


def _ami_state(link: LinkState) -> AmiState:
    return AmiState(
        status=link.status.value,
        reason=link.reason,
        since=link.since.isoformat(timespec="seconds"),
        asterisk=link.asterisk_version,
    )
