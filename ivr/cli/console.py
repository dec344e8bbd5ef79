"""`ivr console`: the web page for operators."""

from __future__ import annotations

from typing import Annotated

import structlog
import typer

from ivr.cli.app import open_store, reporting_errors
from ivr.console.config import ConsoleConfig
from ivr.console.serving import serve_console
from ivr.logs import LogLevel, configure_logs
from ivr.settings import Settings

_log = structlog.get_logger(__name__)


@reporting_errors
def console(
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            envvar="KARIPASS_CONSOLE_NAMES",
            help="A name under which browsers reach it, besides this machine's loopback; can be given several times.",
        ),
    ] = None,
    https: Annotated[
        bool,
        typer.Option(
            "--https/--http",
            envvar="KARIPASS_CONSOLE_HTTPS",
            help="Browsers reach it over https, by way of a proxy: cookies are sent over nothing else.",
        ),
    ] = False,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="The least important lines to write.")
    ] = LogLevel.INFO,
) -> None:
    """Serve the operators' console until SIGTERM or Ctrl-C. `ivr operator add` says who may log in."""
    configure_logs(level=log_level)
    settings = Settings.load()
    names = frozenset(one.lower() for one in name or ()) | {settings.console_host}
    config = ConsoleConfig(
        database_url=settings.store_url, open_store=lambda: open_store(settings), names=names, https=https
    )
    where = f"http://{settings.console_host}:{settings.console_port}/"
    serve_console(
        config,
        host=settings.console_host,
        port=settings.console_port,
        ready=lambda: _log.info("console_serving", address=where),
    )
