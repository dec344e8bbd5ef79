"""The service's link to the Asterisk Manager Interface: always usable, whether Asterisk is there or not.

`AmiLink.run` connects, and connects again for ever. The service can use these at any time:

- `state`: whether the link is up, since when, and if not, why and what to do;
- `follow`: how a call's channel ended (hang-up cause, RTP quality). The answer always comes: from Asterisk's event, or
  after a gap from the list of channels that are left, or, if nobody can know, as "not known" with the reason;
- `call_began` and `call_ended`: report calls as `UserEvent`s to other clients of the manager interface.

Calls go on without the link. It needs the manager's classes `user` to read, `user` and `reporting` to write.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import structlog

from ivr.telephony.ami.channel_end import ChannelEnd, channel_end, unknown_end
from ivr.telephony.ami.connection import ActionRefused, AmiConnection, AmiLogin, Fields, LoginRefused
from ivr.telephony.ami.messages import AmiError

_log = structlog.get_logger(__name__)

CALL_EVENT: Final = "KaripassCall"
"""The event that the dialplan sends when a call is over."""
_RIGHTS_REMEDY: Final = (
    "its user needs `user` to read, `user` and `reporting` to write (dialplan/karipass/manager.conf)"
)


class LinkStatus(StrEnum):
    """Whether the manager interface can be used."""

    CONNECTED = "connected"
    AWAY = "away"
    REFUSED = "refused"
    """Asterisk is there, but refuses the login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How the link is.

    Attributes:
        status: the status in a word.
        since: when the status became so.
        reason: why the link is not connected, or what it lacks, with the remedy; "" if all is well.
        asterisk_version: Asterisk's version, without what a distribution adds to it; "" if not connected.
        asterisk_started: when Asterisk started, by its own clock; "" if not connected.
    """

    status: LinkStatus
    since: datetime
    reason: str = ""
    asterisk_version: str = ""
    asterisk_started: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimes:
    """How patient the link is, in seconds.

    Attributes:
        answer_s: how long a connection, or the answer to an action, may take.
        ping_s: the time between pings.
        again_s: the wait before the link connects again: the first one, and the longest (it doubles).
        refused_again_s: the same after a refused login, which a person has to mend.
        end_s: how long to wait, after the service is done with a call, for Asterisk's event of its end. If anything
            went wrong, callers hear the dialplan's whole apology meanwhile, which lasts 8 s.
        stop_s: the same during shutdown.
    """

    answer_s: float = 5.0
    ping_s: float = 10.0
    again_s: tuple[float, float] = (1.0, 30.0)
    refused_again_s: tuple[float, float] = (10.0, 120.0)
    end_s: float = 20.0
    stop_s: float = 5.0


class AmiLink:
    """The link, which stays up as long as it can.

    Args:
        login: where the manager interface is, and as whom to use it.
        times: how patient the link is.
    """

    def __init__(self, login: AmiLogin, times: LinkTimes | None = None) -> None:
        self._login = login
        self._times = times or LinkTimes()
        self._connection: AmiConnection | None = None
        self._followed: dict[str, asyncio.Future[ChannelEnd]] = {}
        self._failures = 0
        self._lacks = ""
        self._asterisk_started = ""
        self._state = LinkState(status=LinkStatus.AWAY, since=datetime.now(UTC), reason="not connected yet")

    @property
    def state(self) -> LinkState:
        """How the link is now."""
        return self._state

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the link up until `stop` is set. Raises nothing, whatever the other side does.

        Args:
            stop: ends it; set it when calls are over. Asterisk's events of the last calls are still waited for.
        """
        stopped = asyncio.create_task(stop.wait())
        linking = asyncio.create_task(self._stay_connected())
        try:
            await asyncio.wait({stopped, linking}, return_when=asyncio.FIRST_COMPLETED)
            if self._followed and self._connection is not None:
                await asyncio.wait(set(self._followed.values()), timeout=self._times.stop_s)
        finally:
            stopped.cancel()
            linking.cancel()
            await asyncio.gather(stopped, linking, return_exceptions=True)
            self._state = LinkState(status=LinkStatus.AWAY, since=datetime.now(UTC), reason="the service has stopped")
            for uniqueid in list(self._followed):
                self._resolve(uniqueid, unknown_end("the service stopped before Asterisk reported it"))

    # --- what the service reports and asks ------------------------------------------------------------------

    def follow(self, uniqueid: str) -> asyncio.Future[ChannelEnd]:
        """Follow a channel to its end.

        Args:
            uniqueid: Asterisk's `Uniqueid` of the channel.

        Returns:
            A future that is done once the channel's end is known, or known not to be known. Call `let_end` when the
            call is over.
        """
        return self._followed.setdefault(uniqueid, asyncio.get_running_loop().create_future())

    def let_end(self, uniqueid: str) -> None:
        """Note that the service is done with a call: Asterisk's event of its end is waited for only a little longer."""
        if uniqueid not in self._followed:
            return
        if self._connection is None:
            self._resolve(uniqueid, unknown_end(f"not known: {self._state.reason}"))
        else:
            untold = unknown_end(
                "Asterisk did not report it: is the dialplan the one in dialplan/karipass/extensions.conf?"
            )
            asyncio.get_running_loop().call_later(self._times.end_s, self._resolve, uniqueid, untold)

    def call_began(self, *, call_id: str, uniqueid: str, caller: str) -> None:
        """Tell other clients that a call started."""
        self._tell("KaripassCallBegan", {"CallId": call_id, "UniqueID": uniqueid, "CallerNumber": caller})

    def call_ended(self, *, call_id: str, uniqueid: str, caller: str, outcome: str, reason: str) -> None:
        """Tell other clients that a call ended, and how."""
        fields = {"CallId": call_id, "UniqueID": uniqueid, "CallerNumber": caller}
        self._tell("KaripassCallEnded", {**fields, "Outcome": outcome, "Reason": reason})

    def _tell(self, event: str, fields: Fields) -> None:
        if self._connection is None:
            return
        try:
            self._connection.tell("UserEvent", {"UserEvent": event, **fields}, self._lack)
        except AmiError as error:
            _log.error("ami_event_not_sent", event_name=event, problem=str(error))

    # --- connecting, and again ------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        times = self._times
        while True:
            again_s = times.again_s
            try:
                await self._one_connection()
            except LoginRefused as error:
                again_s = times.refused_again_s
                self._change(LinkStatus.REFUSED, str(error))
            except AmiError as error:
                self._change(LinkStatus.AWAY, str(error))
            except Exception:  # noqa: BLE001 - the border of the link: calls need it to be there tomorrow
                _log.exception("ami_link_failed")
                self._change(LinkStatus.AWAY, "a fault of ours; see the log")
            pause_s = min(again_s[0] * 2.0**self._failures, again_s[1])
            self._failures = min(self._failures + 1, 16)
            # Services that lost one Asterisk together do not come back together.
            await asyncio.sleep(pause_s * random.uniform(0.75, 1.0))  # noqa: S311

    async def _one_connection(self) -> None:
        """Connect, and stay connected for as long as it goes well.

        Raises:
            AmiError: always in the end; it says how the connection ended.
        """
        patience_s = self._times.answer_s
        async with await AmiConnection.open(self._login, self._told, patience_s=patience_s) as connection:
            try:
                await self._arrive(connection)
                while True:
                    await asyncio.wait({connection.lost}, timeout=self._times.ping_s)
                    if connection.lost.done():
                        raise AmiError(connection.lost.result())
                    await connection.ask("Ping")
            finally:
                self._connection = None

    async def _arrive(self, connection: AmiConnection) -> None:
        """Learn which Asterisk this is, and what happened to the calls meanwhile."""
        self._lacks = ""
        followed = list(self._followed)
        version = started = ""
        try:
            version = (await connection.ask("CoreSettings"))[0].get("asteriskversion", "").partition("+")[0]
            status = (await connection.ask("CoreStatus"))[0]
            started = f"{status.get('corestartupdate', '')} {status.get('corestartuptime', '')}".strip()
            channels = {reply.get("uniqueid") for reply in await connection.ask("CoreShowChannels")}
            for uniqueid in followed:
                if uniqueid not in channels:
                    self._resolve(uniqueid, unknown_end("not known: it ended while the AMI was away"))
        except ActionRefused as error:
            self._lacks = f"{error}; {_RIGHTS_REMEDY}"
        self._failures = 0
        self._connection = connection
        if self._asterisk_started not in ("", started):
            _log.warning("asterisk_restarted", started=started)
        self._asterisk_started = started
        self._change(LinkStatus.CONNECTED, self._lacks, version=version, started=started)

    def _change(self, status: LinkStatus, reason: str, *, version: str = "", started: str = "") -> None:
        before = self._state
        since = before.since if before.status is status else datetime.now(UTC)
        self._state = LinkState(
            status=status, since=since, reason=reason, asterisk_version=version, asterisk_started=started
        )
        if (before.status, before.reason) == (status, reason):
            return
        if status is not LinkStatus.CONNECTED:
            _log.warning("ami_missing", status=status.value, reason=reason)
        elif reason:
            _log.warning("ami_lacks", reason=reason)
        else:
            _log.info("ami_connected", asterisk=version)

    # --- what Asterisk reports ------------------------------------------------------------------------------

    def _told(self, event: Fields) -> None:
        if event.get("event") == "UserEvent" and event.get("userevent") == CALL_EVENT:
            self._resolve(event.get("uniqueid", ""), channel_end(event))

    def _lack(self, why: str) -> None:
        """Note that Asterisk does not let us report calls to other clients."""
        if not self._lacks:
            self._lacks = f"AMI: Asterisk did not send our UserEvent: {why}; {_RIGHTS_REMEDY}"
            state = self._state
            self._change(state.status, self._lacks, version=state.asterisk_version, started=state.asterisk_started)

    def _resolve(self, uniqueid: str, end: ChannelEnd) -> None:
        future = self._followed.pop(uniqueid, None)
        if future is not None and not future.done():
            future.set_result(end)
