"""`ivr mail`: sends the mails that wait in the store's outbox."""

from __future__ import annotations

from ivr.cli.common import key_ring, load_settings, make_state_dir
from ivr.cli.serving.registered import registered
from ivr.cli.serving.watched import watched
from ivr.host.ports import mail_health_port
from ivr.host.process_limits import leave_no_core_dumps
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.sending import Metrics, send_until_stopped
from mail.settings import MailSettings


def mail(log_level: LogLevel) -> None:
    """Send until stopped.

    Args:
        log_level: the least important lines to write.
    """
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = load_settings()
    mail_settings = MailSettings.load()
    make_state_dir(settings)
    metrics = Metrics()
    with (
        registered(settings, "mail"),
        watched(mail_health_port(settings), metrics.page, lambda: {"sender": ""}),
    ):
        send_until_stopped(settings.store_url, key_ring(settings), mail_settings, metrics=metrics)
