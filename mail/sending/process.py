"""A process that does nothing but send."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog
import uvloop

from credentials.secrets.keys import KeyRing
from mail.outbox.opening import open_outbox_database
from mail.sending.metrics import Metrics
from mail.sending.sender import Sender
from mail.settings import MailSettings

_log = structlog.get_logger(__name__)


def send_until_stopped(
    url: str,
    keys: KeyRing,
    settings: MailSettings,
    *,
    metrics: Metrics | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Send what is in the outbox until SIGTERM or SIGINT; what is under way then comes to an end.

    Args:
        url: the store's database, as for `CredentialStore.open`. The outbox's tables are made if needed.
        keys: the store's keys.
        settings: name the mail server.
        metrics: count what happens to letters; None to count for nobody.
        ready: called when the sender is about to look into the outbox for the first time.

    Raises:
        SettingsError: the trusted certificates cannot be read.
        StorageError: the database cannot be used.
    """
    metrics = metrics or Metrics()
    database = open_outbox_database(url)
    try:
        sender = Sender(database, keys, settings, watch=metrics.happened)
        metrics.watch_server(lambda: sender.trouble is None)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_send(sender, settings, ready))
    finally:
        database.close()


async def _send(sender: Sender, settings: MailSettings, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, sender.stop)
    _log.info("mail_sending", server=f"{settings.smtp_host}:{settings.port}", security=settings.smtp_security.value)
    ready()
    await sender.run()
