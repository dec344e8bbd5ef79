"""`ivr serve` beside an Asterisk that is there, and `ivr up` with an Asterisk of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Final
from uuid import uuid4

import structlog
import typer
import uvloop

from credentials import CredentialStore
from ivr.cli.common import open_store, reporting_errors
from ivr.console_process import console_process
from ivr.doctor.ports import console_port, require_free, service_ports
from ivr.exchange import Exchange, ExchangeError
from ivr.guidance import Guidance
from ivr.logs import LogLevel, configure_logs
from ivr.monitoring import Monitoring
from ivr.records import CallWriter, Recorder, open_records
from ivr.service import Service
from ivr.settings import Settings
from ivr.standalone import agi_secret, ami_secret, import_sample_lines, manual, start_exchange

_log = structlog.get_logger(__name__)
_WATCH_S: Final = 1.0


def _run_service(
    settings: Settings,
    store: CredentialStore,
    guidance: Guidance,
    *,
    ready: Callable[[], None] = lambda: None,
    exchange: Exchange | None = None,
) -> None:
    async def main(recorder: Recorder) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        monitoring = Monitoring(settings, ami_secret(settings), store, recorder)
        recorder.health = monitoring.state
        service = Service(settings, store, guidance, agi_secret(settings), recorder, monitoring)
        serving = asyncio.create_task(service.run(stop, ready))
        watching = asyncio.create_task(_watch(exchange, stop))

        def ask_to_stop() -> None:
            if stop.is_set():
                _log.warning("stopped_at_once")
                os._exit(1)  # asked twice: neither calls nor a store that hangs are waited for
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask_to_stop)
        try:
            await serving
        finally:
            watching.cancel()
        if exchange is not None and not exchange.running:
            raise ExchangeError(f"Asterisk has ended; its log: {exchange.log_path}")

    with _recording(settings) as recorder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(recorder))


@contextmanager
def _recording(settings: Settings) -> Iterator[Recorder]:
    """A recorder that runs until the service has ended."""
    database = open_records(settings.store_url)
    writer = CallWriter(database, service_id=uuid4().hex[:12], host=socket.gethostname(), pid=os.getpid())
    recorder = Recorder(writer, keep=timedelta(days=settings.records_days))
    recorder.start()
    try:
        yield recorder
    finally:
        recorder.close()
        database.close()


async def _watch(exchange: Exchange | None, stop: asyncio.Event) -> None:
    """Stop when our own Asterisk has ended: there is nobody left to serve."""
    while exchange is not None:
        await asyncio.sleep(_WATCH_S)
        if not exchange.running and not stop.is_set():
            stop.set()


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
    require_free(service_ports(settings))
    with open_store(settings) as store:
        _run_service(settings, store, Guidance.load(settings.language, settings.operator_prompts_dir))


@reporting_errors
def up(log_level: LevelOption = LogLevel.INFO) -> None:
    """Start an Asterisk, sample lines, the service and the console on this machine, and say how to call it."""
    configure_logs(level=log_level)
    settings = Settings.load()
    require_free([*service_ports(settings), console_port(settings)])
    with open_store(settings) as store:
        import_sample_lines(store)
        guidance = Guidance.load(settings.language, settings.operator_prompts_dir)
        with start_exchange(settings) as exchange, console_process():
            _run_service(
                settings,
                store,
                guidance,
                ready=lambda: print(manual(settings), flush=True),
                exchange=exchange,
            )
