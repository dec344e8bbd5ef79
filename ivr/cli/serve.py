"""`ivr serve` beside an Asterisk that is there, and `ivr up` with an Asterisk of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import Annotated

import typer
import uvloop

from credentials import CredentialStore
from ivr.cli.app import open_store, reporting_errors
from ivr.logs import configure_logs
from ivr.service import Service
from ivr.settings import Settings
from ivr.standalone import import_sample_lines, manual, start_exchange
from prompts import Catalogue, load_catalogue


def _run_service(settings: Settings, store: CredentialStore, catalogues: Mapping[str, Catalogue]) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        serving = asyncio.create_task(Service(settings, store, catalogues).run(stop))

        def ask_to_stop() -> None:
            if stop.is_set():  # asked twice: do not wait for calls
                serving.cancel()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask_to_stop)
        await serving

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except asyncio.CancelledError:
        raise SystemExit(1) from None


def _catalogues(settings: Settings) -> dict[str, Catalogue]:
    return {settings.language: load_catalogue(settings.language)}


LogLevel = Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")]


@reporting_errors
def serve(
    log_level: LogLevel = "info",
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
def up(log_level: LogLevel = "info") -> None:
    """Start an Asterisk, sample lines and the service on this machine, and say how to call it."""
    configure_logs(level=log_level)
    settings = Settings.load()
    with open_store(settings) as store:
        import_sample_lines(store)
        catalogues = _catalogues(settings)
        with start_exchange(settings):
            print(manual(settings), flush=True)
            _run_service(settings, store, catalogues)
