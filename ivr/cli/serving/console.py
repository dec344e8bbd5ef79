"""`ivr console`: the web page for operators."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any

import structlog
import typer

from console.config import ConsoleConfig
from console.serving import serve_console
from ivr.cli.common import open_store, reporting_errors
from ivr.cli.serving.interrupts import heed_sigint
from ivr.doctor.checks.ports import require_free
from ivr.host.ports import console_port
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.service.watching.audit_heads import AuditHeads
from logs.setup import LogLevel, configure_logs

_log = structlog.get_logger(__name__)


@reporting_errors
def console(
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="A name under which browsers reach it, besides this machine's loopback; can be given several times. "
            "By default those of KARIPASS_CONSOLE_NAMES.",
        ),
    ] = None,
    https: Annotated[
        bool | None,
        typer.Option(
            "--https/--http",
            help="Browsers reach it over https, by way of a proxy: cookies are sent over nothing else. "
            "By default as KARIPASS_CONSOLE_HTTPS says.",
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="The least important lines to write.")
    ] = LogLevel.INFO,
) -> None:
    """Serve the operators' console until SIGTERM or Ctrl-C. `ivr operator add` says who may log in.

    Who fails to log in 5 times within a minute is refused for a minute: by browser, where that operator has logged in
    before, else by address. Behind a proxy all others have its address, and are refused together, unless
    KARIPASS_CONSOLE_PROXIES names it and it says by X-Forwarded-For whose request it is.
    """
    heed_sigint()
    configure_logs(level=log_level)
    leave_no_core_dumps()
    given: dict[str, Any] = {"console_names": name or None, "console_https": https}
    settings = Settings.load(**{setting: value for setting, value in given.items() if value is not None})
    require_free([console_port(settings)])
    heads = AuditHeads()
    config = ConsoleConfig(
        database_url=settings.store_url,
        open_store=lambda: open_store(settings, heads),
        names=settings.console_names | {settings.console_host},
        proxies=[ip_network(name) for name in settings.console_proxies],
        https=settings.console_https,
    )
    where = f"http://{settings.console_host}:{settings.console_port}/"
    serve_console(
        config,
        host=settings.console_host,
        port=settings.console_port,
        ready=lambda: _log.info("console_serving", address=where),
    )
