"""`ivr serve` beside an Asterisk that is there, and `ivr up` with an Asterisk of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import structlog
import typer
import uvloop

from credentials import CredentialStore
from ivr.cli.app import open_store, reporting_errors
from ivr.exchange import Exchange
from ivr.logs import LogLevel, configure_logs
from ivr.service import Service
from ivr.settings import Settings
from ivr.standalone import import_sample_lines, manual, start_exchange
from prompts import Catalogue, load_catalogue

_log = structlog.get_logger(__name__)
_WATCH_S: Final = 1.0


def _run_service(
    settings: Settings,
    store: CredentialStore,
    catalogues: Mapping[str, Catalogue],
    *,
    ready: Callable[[], None] = lambda: None,
    exchange: Exchange | None = None,
) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        serving = asyncio.create_task(Service(settings, store, catalogues).run(stop, ready))
        watching = asyncio.create_task(_watch(exchange, stop))

        def ask_to_stop() -> None:
            if stop.is_set():  # asked twice: do not wait for calls
                serving.cancel()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask_to_stop)
        try:
            await serving
        finally:
            watching.cancel()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except asyncio.CancelledError:
        raise SystemExit(1) from None


async def _watch(exchange: Exchange | None, stop: asyncio.Event) -> None:
    """Stop when our own Asterisk has ended: there is nobody left to serve."""
    while exchange is not None:
        await asyncio.sleep(_WATCH_S)
        if not exchange.running and not stop.is_set():
            _log.error("asterisk_ended", log=str(exchange.log_path), remedy="read its log, then start again")
            stop.set()


def _catalogues(settings: Settings) -> dict[str, Catalogue]:
    return {settings.language: load_catalogue(settings.language)}


LevelOption = Annotated[LogLevel, typer.Option("--log-level", help="The least important lines to write.")]


@reporting_errors
def serve(
    log_level: LevelOption = LogLevel.INFO,
    log_json: Annotated[
        bool | None,
        typer.Option("--log-json/--log-text", help="By default JSON unless standard error is a terminal."),
    ] = None,
) -> None:
    """Answer the access number's calls for an Asterisk that is configured with the files in dialplan/.

    SIGTERM or Ctrl-C lets the calls that are there end, then stops; asked twice it stops at once.
    """
    configure_logs(level=log_level, json=log_json)
    settings = Settings.load()
    with open_store(settings) as store:
        _run_service(settings, store, _catalogues(settings))


@reporting_errors
def up(log_level: LevelOption = LogLevel.INFO) -> None:
    """Start an Asterisk, sample lines and the service on this machine, and say how to call it."""
    configure_logs(level=log_level)
    settings = Settings.load()
    with open_store(settings) as store:
        import_sample_lines(store)
        catalogues = _catalogues(settings)
        with start_exchange(settings) as exchange:
            _run_service(
                settings,
                store,
                catalogues,
                ready=lambda: print(manual(settings), flush=True),
                exchange=exchange,
            )
