"""Takes bounces by SMTP (RFC 5321) or LMTP (RFC 2033), whichever the mail server speaks, and notes what they report.

Only addresses that we made are taken, one in each mail, and everything has a limit: how many bytes a mail and a
connection may have, how long they may take, and how many connections there may be. A mail is taken once what it reports
is in the store; while that is away, the mail server is asked to come again.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiosmtpd.smtp import SMTP, Envelope

from credentials.secrets.keys import KeyRing
from mail.bounces.addresses import letter_of
from mail.bounces.metrics import FATES, Came, Metrics
from mail.bounces.reports import Fate, Report, read_report
from mail.outbox import Outbox
from storage.database import Database, database_border
from storage.errors import StoreUnavailable

CONNECTIONS: Final = 20
"""How many there may be at once."""
LONGEST_MAIL: Final = 1024 * 1024
"""Servers return the mail or its head with the report; ours are far shorter."""
LONGEST_CONNECTION: Final = 16 * LONGEST_MAIL
"""How many bytes one may bring: aiosmtpd keeps a line that has no end, however long it gets."""
MAIL_S: Final = 60.0
"""How long a mail, or silence between two commands, may take."""
CONNECTION_S: Final = 600.0
_NOT_OURS: Final = "550 5.1.1 No mail of ours comes back to this address"
_ONE_EACH: Final = "452 4.5.3 One address in each mail, please"
_AGAIN: Final = "451 4.3.0 The store is away, please come again later"
_FAILED: Final = "451 4.3.0 This went wrong here, please come again later"
_FULL: Final = b"421 4.7.0 Too many connections, please come again later\r\n"

_log: Final = structlog.get_logger(__name__)


class Bounces:
    """Decides which addresses are taken, and notes what their mails report: aiosmtpd's handler.

    Args:
        database: the store's, with the outbox's tables.
        keys: the store's keys.
        domain: the domain of bounces.
        metrics: counts the mails.
    """

    def __init__(self, database: Database, keys: KeyRing, domain: str, metrics: Metrics | None = None) -> None:
        self.domain = domain
        self._metrics = metrics or Metrics()
        self._database = database
        self._keys = keys
        self._outbox = Outbox(keys)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        """Take an address that we made, if the mail has none yet: so LMTP, too, has one answer for each mail."""
        if letter_of(address, self.domain, self._keys) is None:
            self._metrics.count(Came.NOT_OURS)
            return _NOT_OURS
        if envelope.rcpt_tos:
            return _ONE_EACH
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take a mail: note what it reports of its letter, or nothing if it is no report."""
        letter_id = letter_of(envelope.rcpt_tos[0], self.domain, self._keys)
        content = envelope.content
        if letter_id is None or not isinstance(content, bytes):
            return _NOT_OURS
        report = await asyncio.to_thread(read_report, content)
        if report is None:
            self._metrics.count(Came.NO_REPORT)
            _log.info("bounce_without_report", letter=letter_id)
            return "250 2.0.0 OK, it is no report of a mail"
        try:
            noted = await asyncio.to_thread(self._note, letter_id, report)
        except StoreUnavailable as error:
            self._metrics.count(Came.NOT_NOTED)
            _log.error("bounce_not_noted", letter=letter_id, reason=str(error))
            return _AGAIN
        self._metrics.count(FATES[report.fate] if noted or report.fate is Fate.DELIVERED else Came.KNOWN)
        known = {"letter": letter_id, "fate": report.fate.name.lower(), "status": report.status}
        _log.info("bounce_noted" if noted else "bounce_changes_nothing", **known, reason=report.reason.value)
        return "250 2.0.0 OK, noted"

    async def handle_exception(self, error: Exception) -> str:
        """Answer for a mistake of ours: the mail comes again, and nothing of it is in the log."""
        self._metrics.count(Came.NOT_NOTED)
        *_, last = traceback.extract_tb(error.__traceback__)
        _log.error("bounce_failed", error=type(error).__name__, at=f"{last.filename}:{last.lineno}")
        return _FAILED

    @database_border
    def _note(self, letter_id: str, report: Report) -> bool:
        """Note a report in one transaction; return whether it changed anything: the same one counts once."""
        with self._database.writing() as connection:
            match report.fate:
                case Fate.REFUSED:
                    return self._outbox.bounced(connection, letter_id, report.reason, report.reply)
                case Fate.GIVEN_UP:
                    return self._outbox.given_up(connection, letter_id, report.reason, report.reply)
                case Fate.DELAYED:
                    return self._outbox.delayed(connection, letter_id, report.reason, report.reply)
                case Fate.DELIVERED:
                    return False


class Connections:
    """Makes the protocol of each connection, and counts those that are open. Belongs to one event loop.

    Args:
        bounces: takes the mails.
    """

    def __init__(self, bounces: Bounces) -> None:
        self._bounces = bounces
        self._open: set[_Connection] = set()

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Connection(self._bounces, self._open) if len(self._open) < CONNECTIONS else _Full()

    def end(self) -> None:
        """End all connections at once: the mail server brings again what was not answered."""
        for each in list(self._open):
            each.abort()


class _Connection(SMTP):
    """One connection, which greets as SMTP or LMTP."""

    def __init__(self, bounces: Bounces, among: set[_Connection]) -> None:
        super().__init__(
            bounces,
            hostname=bounces.domain,
            ident="karipass bounces",
            data_size_limit=LONGEST_MAIL,
            timeout=MAIL_S,
            loop=asyncio.get_running_loop(),
        )
        self._among = among
        self._came = 0
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and limit its time."""
        self._among.add(self)
        self._end = asyncio.get_running_loop().call_later(CONNECTION_S, self.abort)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Count what came."""
        self._came += len(data)
        if self._came > LONGEST_CONNECTION:
            self.abort()
        else:
            super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._among.discard(self)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)

    def abort(self) -> None:
        """End the connection at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's
        """Greet as LMTP does: everything else is as in SMTP, because each mail has one recipient."""
        await self.smtp_EHLO(arg)


class _Full(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and close."""
        if isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
            transport.close()
