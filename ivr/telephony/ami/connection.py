"""One connection to the Asterisk Manager Interface, from its login to its end.

panoramisk reads and writes the protocol. This module adds what a connection needs to run unattended for months: limits
of time and size, values that cannot smuggle in a line, a check that the peer is an Asterisk, and an end that is
reported once and stays the end. `ivr.telephony.ami.link` connects again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ivr.telephony.ami.login import CHALLENGE, login_fields
from ivr.telephony.ami.messages import AmiError, refuse_line_breaks

_log = structlog.get_logger(__name__)

Fields = Mapping[str, str]
"""A message's fields, their names in lower case."""

MESSAGE_CHARACTERS: Final = 65536
"""No message of Asterisk comes near this."""
LIST_MESSAGES: Final = 5000
"""How many messages an answer may have: one for each channel, and no machine carries so many channels."""
TURN_BYTES: Final = 4096
"""How many bytes one turn of the loop handles: a burst of events must not keep the media clock from its next tick."""
_GREETING: Final = b"Asterisk Call Manager/"


class LoginRefused(AmiError):  # noqa: N818 - reads as what it says
    """Asterisk does not let the manager user in."""


class ActionRefused(AmiError):  # noqa: N818 - reads as what it says
    """Asterisk did not carry out an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiLogin:
    """Where the manager interface is, and which user logs in.

    Attributes:
        host: where Asterisk's manager interface listens.
        port: its port.
        user: the manager user.
        secret: the user's secret.
    """

    host: str
    port: int
    user: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class AmiConnection:
    """A connection that is logged in; as an asynchronous context manager it closes itself. Made by `open`.

    Args:
        login: where to connect, and as whom.
        told: called with each event; an exception in it is logged and goes no further.
        patience_s: how long an answer may take, in seconds.
    """

    def __init__(self, login: AmiLogin, told: Callable[[Fields], None], patience_s: float) -> None:
        self._login = login
        self._told = told
        self._patience_s = patience_s
        self._protocol = _Protocol(self._event, self._ended)
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Set to the reason when the connection has ended."""

    @classmethod
    async def open(cls, login: AmiLogin, told: Callable[[Fields], None], *, patience_s: float) -> Self:
        """Connect and log in.

        Args:
            login: where to connect, and as whom.
            told: called with each event.
            patience_s: how long each answer may take, in seconds.

        Raises:
            AmiError: nothing answers there, or the peer is not a manager interface.
            LoginRefused: the user or the secret is wrong.
        """
        connection = cls(login, told, patience_s)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience_s):
                await loop.create_connection(lambda: connection._protocol, login.host, login.port)
        except TimeoutError:
            raise AmiError(f"AMI at {login} does not take connections: is a firewall in the way?") from None
        except OSError as error:
            raise AmiError(
                f"AMI at {login} cannot be reached ({_reason(error)}):"
                " is Asterisk up, and KARIPASS_AMI_HOST and _PORT right?"
            ) from None
        try:
            (answer,) = await connection.ask("Challenge", **CHALLENGE)
            await connection.ask("Login", **login_fields(login.user, login.secret, answer.get("challenge", "")))
        except ActionRefused:
            connection.close()
            raise LoginRefused(
                f"AMI at {login} refused the user {login.user}:"
                " KARIPASS_AMI_SECRET must be the secret in Asterisk's manager.conf"
            ) from None
        except BaseException:
            connection.close()
            raise
        return connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def ask(self, name: str, **fields: str) -> list[Fields]:
        """Have Asterisk do something, and wait for its answer.

        Args:
            name: the action.
            fields: the action's fields.

        Returns:
            The response and, for an action that lists things, the events of the list.

        Raises:
            ActionRefused: Asterisk refused the action.
            AmiError: the connection was lost, or no answer came in time (the connection is then given up).
        """
        answer: asyncio.Future[Any] = self._send(name, fields).future
        await asyncio.wait({answer, self.lost}, timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            self._protocol.end(f"gave no answer to {name} within {self._patience_s:g} s")
            raise AmiError(self.lost.result())
        messages = answer.result()
        replies = [_plain(message) for message in (messages if isinstance(messages, list) else [messages])]
        if replies[0].get("response") == "Error":
            raise ActionRefused(f"AMI: Asterisk did not {name}: {replies[0].get('message', 'no reason given')}")
        return replies

    def tell(self, name: str, fields: Fields, refused: Callable[[str], None]) -> None:
        """Have Asterisk do something without waiting for its answer. An answer that comes too late is ignored.

        Args:
            name: the action.
            fields: the action's fields.
            refused: called with Asterisk's reason if it refuses.
        """

        def answered(answer: asyncio.Future[Any]) -> None:
            if not answer.cancelled() and (reply := _plain(answer.result())).get("response") == "Error":
                refused(reply.get("message", "no reason given"))

        action = self._send(name, fields)
        action.future.add_done_callback(answered)
        asyncio.get_running_loop().call_later(self._patience_s, self._protocol.responses.pop, action.id, None)

    def close(self) -> None:
        """End the connection, for good."""
        self._protocol.end("was closed")

    def _send(self, name: str, fields: Fields) -> Action:
        refuse_line_breaks(name, fields.values())
        action = Action({"Action": name, **fields})
        self._protocol.responses[action.id] = action
        self._protocol.write(str(action).encode())
        return action

    def _event(self, event: Fields) -> None:
        try:
            self._told(event)
        except Exception:  # noqa: BLE001 - the border of the connection: it outlives a listener's fault
            _log.exception("ami_event_failed", event_name=event.get("event"))

    def _ended(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(f"AMI at {self._login} {why}")


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk is not typed
    """panoramisk's reader, with limits, and with this module in the place of its manager."""

    save_stream = None
    encoding = "utf-8"
    closed: bool

    def __init__(self, told: Callable[[Fields], None], ended: Callable[[str], None]) -> None:
        self._told = told
        self._ended = ended
        self._greeting = b""
        self._unread = b""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.factory = self

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._take_turn()

    def _take_turn(self) -> None:
        """Handle some of what came, and read no more until all of it is handled."""
        if self.closed:
            return
        data, self._unread = self._unread[:TURN_BYTES], self._unread[TURN_BYTES:]
        if self._unread:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._take_turn)
        else:
            self.transport.resume_reading()
        self._read(data)

    def _read(self, data: bytes) -> None:
        if len(self._greeting) < len(_GREETING):
            self._greeting += data[: len(_GREETING) - len(self._greeting)]
            if not _GREETING.startswith(self._greeting):
                self.end("is not a manager interface: does KARIPASS_AMI_PORT name another service?")
                return
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - the border to the peer: panoramisk raises anything on odd messages
            self.end("sent a message that cannot be read")
        if self.queue and len(self.queue[-1]) > MESSAGE_CHARACTERS:  # where panoramisk keeps an unfinished message
            self.end(f"sent a message of more than {MESSAGE_CHARACTERS} characters")

    def handle_message(self, message: Any) -> None:
        """Take a whole message; panoramisk calls this."""
        action = self.responses.get(message.id)
        super().handle_message(message)
        if action is not None and len(action.responses) > LIST_MESSAGES:
            self.end(f"answered {action['action']} with more than {LIST_MESSAGES} messages")

    def eof_received(self) -> None:
        self.end("closed the connection")

    def connection_lost(self, error: Any) -> None:
        self.end(f"broke the connection ({error})" if isinstance(error, OSError) else "closed the connection")

    def dispatch(self, event: Any) -> None:
        """Take an event that answers no action; panoramisk calls this on its manager."""
        if not self.closed:
            self._told(_plain(event))

    def write(self, data: bytes) -> None:
        """Send, if the connection is still open."""
        if not self.closed:
            self.transport.write(data)

    def end(self, why: str) -> None:
        """Close, once. `lost` then reports the end to everyone who waits for an answer."""
        if not self.closed:
            self.closed = True
            self.responses.clear()
            self.transport.abort()
            self._ended(why)


def _plain(message: Any) -> Fields:
    """A message with names in lower case and single values: if a field came twice, the last one counts."""
    return {str(name).lower(): value if isinstance(value, str) else value[-1] for name, value in message.items()}


def _reason(error: OSError) -> str:
    """The system's own text for an error. (asyncio puts the address in its place; name lookups have their own.)"""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
