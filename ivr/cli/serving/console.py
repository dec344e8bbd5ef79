"""`ivr console`: the web page for operators."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import structlog

from console.config import ConsoleConfig
from console.serving import serve_console
from credentials.site.session import SessionLimits
from ivr.cli.common import open_store
from ivr.cli.serving.interrupts import heed_sigint
from ivr.cli.serving.registered import registered
from ivr.doctor.checks.host.ports import require_free
from ivr.host.ports import console_port
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.service.watching.audit_heads import AuditHeads
from logs.levels import LogLevel
from logs.setup import configure_logs

_log = structlog.get_logger(__name__)


def console(*, names: list[str] | None, https: bool | None, log_level: LogLevel) -> None:
    """Serve the console until it is stopped.

    Args:
        names: the names under which browsers reach it; None uses those of the settings.
        https: whether browsers reach it over https; None uses the settings.
        log_level: the least important lines to write.
    """
    heed_sigint()
    configure_logs(level=log_level)
    leave_no_core_dumps()
    given: dict[str, Any] = {"console_names": names or None, "console_https": https}
    settings = Settings.load(**{setting: value for setting, value in given.items() if value is not None})
    require_free([console_port(settings)])
    heads = AuditHeads()
    config = ConsoleConfig(
        database_url=settings.store_url,
        open_store=lambda: open_store(settings, heads.appended),
        names=settings.console_names | {settings.console_host},
        proxies=[ip_network(name) for name in settings.console_proxies],
        https=settings.console_https,
        session_limits=SessionLimits(idle=timedelta(seconds=settings.portal_idle_s)),
    )
    where = f"http://{settings.console_host}:{settings.console_port}/"
    with registered(settings, "console"):
        serve_console(
            config,
            host=settings.console_host,
            port=settings.console_port,
            ready=lambda: _log.info("console_serving", address=where),
        )
