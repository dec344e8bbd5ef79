"""Our mail server, as a client sees it: hands over one letter on a connection of its own (RFC 5321).

One connection a letter: a connection that is kept may have died unseen, and may be used by one task only. What a server
says before it knows the recipient is about us, not about the letter: such a letter waits until an operator has mended
it. What it says to the recipient or the text is its answer to the letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable
from typing import Final

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
)

from credentials.secrets.keys import Key
from mail.outbox.deliveries import Reason
from mail.outbox.leases import Leased
from mail.replies import reason_of, shown_reply
from mail.sending.message import compose
from mail.sending.outcomes import Away, Outcome, PutOff, Refused, Taken, Trouble
from mail.settings import MailSettings, Security
from settings.errors import SettingsError

_PERMANENT: Final = 500
_CLOSING: Final = 421
_WANTS_LOGIN: Final = frozenset({530, 534, 535, 538})
_LEAVE_S: Final = 2.0
_NO_LETTER: Final = "trial"
"""Stands in the envelope sender where there is no letter."""


class MailServer:
    """Hands letters to the mail server of the settings. Its methods belong to one event loop.

    Args:
        settings: name the server.
        key: the store's current key, for the addresses to which mails come back.

    Raises:
        SettingsError: the trusted certificates cannot be read.
    """

    def __init__(self, settings: MailSettings, key: Key) -> None:
        self._settings = settings
        self._key = key
        self._context = None if settings.smtp_security is Security.NONE else _trust(settings)
        self._leaving: set[asyncio.Task[None]] = set()

    async def hand_over(self, letter: Leased, useful_s: float) -> Outcome:
        """Hand over one letter.

        Args:
            letter: the letter.
            useful_s: for how many seconds it is still of use: its text is not sent later.

        Returns:
            What came of it. `Taken` is returned as soon as the server has said so.
        """
        client, known = self._client(), False
        loop = asyncio.get_running_loop()
        no_later_than = loop.time() + self._settings.smtp_timeout_s
        try:
            async with asyncio.timeout_at(min(no_later_than, loop.time() + useful_s)):
                if (trouble := await self._arrive(client, letter.letter_id)) is not None:
                    return trouble
                known = True
                if (answer := await _answer(letter, client.rcpt(letter.to))) is not None:
                    return answer
            async with asyncio.timeout_at(no_later_than):
                return await _answer(letter, client.data(compose(letter, self._settings))) or Taken()
        except TimeoutError:
            if known or loop.time() < no_later_than:  # the letter's time was over, not the server's
                return PutOff(Reason.LATER, 0, "")
            return Away(Trouble.SLOW, "no answer in time")
        finally:
            self._leave(client)

    async def try_out(self) -> Away | None:
        """Connect, log in and name the sender, and leave without a mail; returns why that did not work."""
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.smtp_timeout_s):
                return await self._arrive(client, _NO_LETTER)
        except TimeoutError:
            return Away(Trouble.SLOW, "no answer in time")
        finally:
            self._leave(client)

    async def close(self) -> None:
        """End the connections that are just being ended."""
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _arrive(self, client: SMTP, letter_id: str) -> Away | None:
        """Connect, log in and name the sender; returns why that did not work."""
        try:
            await client.connect()
            await client.mail(self._settings.envelope_sender(letter_id, self._key))
        except (SMTPException, OSError, ValueError) as error:
            return _trouble(error)
        return None

    def _client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.smtp_host,
            port=settings.port,
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            local_hostname=settings.own_name,
            timeout=settings.smtp_timeout_s,
            use_tls=settings.smtp_security is Security.TLS,
            start_tls=settings.smtp_security is Security.STARTTLS,
            tls_context=self._context,
        )

    def _leave(self, client: SMTP) -> None:
        """Say goodbye and close, without holding up what came of the letter."""
        leaving = asyncio.create_task(_say_goodbye(client))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _say_goodbye(client: SMTP) -> None:
    try:
        if client.is_connected:
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=_LEAVE_S)
    finally:
        client.close()


async def _answer(letter: Leased, asking: Awaitable[object]) -> Outcome | None:
    """Return what the server answers to a recipient or a text; None if it agrees."""
    try:
        await asking
    except SMTPResponseException as error:
        if error.code == _CLOSING or error.code in _WANTS_LOGIN:
            return _trouble(error)
        reason = reason_of(error.code, error.message)
        kind = Refused if error.code >= _PERMANENT else PutOff
        return kind(reason, error.code, shown_reply(error.code, error.message, f"{letter.subject} {letter.body}"))
    except (SMTPException, OSError, ValueError):
        return PutOff(Reason.LATER, 0, "")
    return None


def _trouble(error: Exception) -> Away:
    """Say what is wrong with the server, or with what it thinks of us."""
    match error:
        case SMTPAuthenticationError() | SMTPResponseException(code=530 | 534 | 535 | 538):
            return Away(Trouble.LOGIN, f"it answered {error.code}")
        case SMTPSenderRefused() if error.code >= _PERMANENT:
            return Away(Trouble.SENDER, f"it answered {error.code}")
        case SMTPResponseException():
            return Away(Trouble.NOT_READY, f"it answered {error.code}")
    certificate = _cause(error, ssl.SSLError)
    if certificate is not None:
        return Away(Trouble.CERTIFICATE, _words(certificate))
    if isinstance(error, TimeoutError):
        return Away(Trouble.SLOW, "no answer in time")
    if "STARTTLS" in str(error):
        return Away(Trouble.NO_STARTTLS, "it does not offer STARTTLS")
    return Away(Trouble.UNREACHABLE, _words(error))


def _cause(error: BaseException | None, kind: type[ssl.SSLError]) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _trust(settings: MailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.smtp_ca_file)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"KARIPASS_SMTP_CA_FILE={settings.smtp_ca_file}: cannot be read ({error}): write certificates in PEM form"
        ) from None
