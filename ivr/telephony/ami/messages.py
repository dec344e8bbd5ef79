"""The Asterisk Manager Interface for short uses: place a call, and watch how it goes.

Two libraries do the work. asterisk-ami sends an action and reads its response (it loses its reader after some seconds
without traffic, so it is not used for more). panoramisk follows events on asyncio. This module adds what panoramisk
lacks for that: a login that does not send the secret, and a close that stays closed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from types import TracebackType
from typing import Any, Final, Self

from asterisk.ami import AMIClient, SimpleAction
from panoramisk import Manager

from ivr.telephony.ami.login import CHALLENGE, login_fields
from ivr.telephony.errors import TelephonyError

LOGIN_S: Final = 5.0


class AmiError(TelephonyError):
    """The manager interface is away or refuses; the message names the setting to look at."""


def refuse_line_breaks(name: str, values: Iterable[str]) -> None:
    """Check that no value would become a field, or an action, of its own.

    Args:
        name: the action.
        values: the values of its fields.

    Raises:
        AmiError: a value has a line break in it, or cannot be sent as UTF-8.
    """
    for value in values:
        if "\r" in value or "\n" in value:
            raise AmiError(f"AMI: a value of {name} has a line break in it")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise AmiError(f"AMI: a value of {name} is not text")


def send_action(
    host: str,
    port: int,
    user: str,
    secret: str,
    name: str,
    fields: Mapping[str, str],
    variables: Mapping[str, str],
) -> str:
    """Log in, send one action, log off.

    Args:
        host: where Asterisk's manager interface listens.
        port: its port.
        user: the manager user.
        secret: its secret.
        name: the action.
        fields: the action's fields.
        variables: channel variables that it sets.

    Returns:
        Asterisk's message.

    Raises:
        AmiError: the interface is away, or refused the login or the action.
    """
    refuse_line_breaks(name, (*fields.values(), *variables.values()))
    client = AMIClient(address=host, port=port, timeout=LOGIN_S)
    try:
        client.connect()
        challenge = client.send_action(SimpleAction("Challenge", **CHALLENGE)).response
        if challenge is None:
            raise _silent_peer(f"{host}:{port}")
        proof = login_fields(user, secret, challenge.keys.get("Challenge", ""))
        login = client.send_action(SimpleAction("Login", **proof)).response
        if login is None or login.is_error():
            raise _refused(f"{host}:{port}", user)
        action = SimpleAction(name, **fields)
        action.variables = dict(variables)
        response = client.send_action(action).response
        if response is None or response.is_error():
            reason = "no answer" if response is None else response.keys.get("Message", "no reason given")
            raise AmiError(f"AMI: Asterisk did not {name}: {reason}")
        client.logoff()
        return str(response.keys.get("Message", ""))
    except OSError as error:
        raise _away(f"{host}:{port}", error) from None
    finally:
        if client.finished is not None:  # a client that never connected cannot be disconnected
            client.disconnect()


def _refused(where: str, user: str) -> AmiError:
    return AmiError(
        f"AMI at {where} refused the user {user}: KARIPASS_AMI_SECRET must be the secret in Asterisk's manager.conf"
    )


def _silent_peer(where: str) -> AmiError:
    return AmiError(
        f"AMI at {where} gave no answer within {LOGIN_S:g} s: is KARIPASS_AMI_PORT that of another service?"
    )


def _away(where: str, error: OSError) -> AmiError:
    known = error.errno is not None and error.errno > 0  # name lookups have numbers of their own
    reason = os.strerror(error.errno or 0) if known else error.strerror or str(error)
    return AmiError(
        f"AMI at {where} cannot be reached ({reason}): is Asterisk up (`make run` starts one), and"
        " KARIPASS_AMI_PORT right?"
    )


class AmiEvents:
    """The events of one name, from login to close.

    Args:
        host: where Asterisk's manager interface listens.
        port: its port.
        user: the manager user.
        secret: its secret.
        pattern: which events, for example `UserEvent`.
    """

    def __init__(self, host: str, port: int, user: str, secret: str, pattern: str) -> None:
        self._where = f"{host}:{port}"
        self._user = user
        self._secret = secret
        self._events: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
        self._lost = asyncio.Event()
        self._manager = _Manager(
            host=host,
            port=port,
            lost=self._lost.set,
            log=_silent(),  # our error says what it would log (that it tries again)
        )
        self._manager.register_event(pattern, lambda _, event: self._events.put_nowait(dict(event)))

    async def __aenter__(self) -> Self:
        """Connect and log in.

        Raises:
            AmiError: the interface is away or refused the login.
        """
        self._manager.loop = asyncio.get_running_loop()
        connect, self._manager.connect = self._manager.connect, _stay_closed  # one try: else it would retry for ever
        try:
            async with asyncio.timeout(LOGIN_S):
                await connect()
                answer = await self._log_in()
        except TimeoutError:
            self._close()
            raise _silent_peer(self._where) from None
        except OSError as error:
            self._close()
            raise _away(self._where, error) from None
        if answer is not _Answer.ACCEPTED:
            self._close()
            if answer is _Answer.REFUSED:
                raise _refused(self._where, self._user)
            raise AmiError(f"AMI at {self._where} closed the connection: is KARIPASS_AMI_PORT that of another service?")
        self._manager.connect = connect
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection for good."""
        self._close()

    async def next(self) -> Mapping[str, str]:
        """Wait for the next event; returns its fields."""
        return await self._events.get()

    async def _log_in(self) -> _Answer:
        challenge = await self._ask("Challenge", CHALLENGE)
        if challenge is None:
            return _Answer.CLOSED
        login = await self._ask("Login", login_fields(self._user, self._secret, challenge.challenge or ""))
        if login is None:
            return _Answer.CLOSED
        return _Answer.ACCEPTED if login.success else _Answer.REFUSED

    async def _ask(self, name: str, fields: Mapping[str, str]) -> Any | None:
        """Wait for the answer to an action; None if the connection was closed instead."""
        answer = self._manager.send_action({"Action": name, **fields})
        lost = asyncio.ensure_future(self._lost.wait())
        await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        return answer.result() if answer.done() else None

    def _close(self) -> None:
        self._manager.connect = _stay_closed
        self._manager.close()


class _Answer(Enum):
    """The result of a login."""

    ACCEPTED = auto()
    REFUSED = auto()
    CLOSED = auto()


class _Manager(Manager):  # type: ignore[misc]  # panoramisk is not typed
    """panoramisk's manager, which also calls `lost` when its connection ends."""

    def __init__(self, *, lost: Callable[[], None], **config: Any) -> None:
        super().__init__(**config)
        self._lost = lost

    def connection_lost(self, error: Any) -> None:
        """Note the connection's end; panoramisk calls this."""
        self._lost()
        super().connection_lost(error)


def _silent() -> logging.Logger:
    """Make a logger that is in no hierarchy and lets nothing through."""
    return logging.Logger("panoramisk", logging.CRITICAL + 1)


def _stay_closed(*_args: Any, **_options: Any) -> None:
    """Do nothing, in the place of `connect`: panoramisk connects again after any close, its own included."""
