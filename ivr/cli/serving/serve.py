"""Runs `ivr serve` beside an existing Asterisk, and `ivr up` with an Asterisk of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog
import uvloop

from ivr.call.guidance import Guidance
from ivr.cli.common import DATABASE_VARIABLE, KEY_VARIABLE, open_store, system_operator
from ivr.cli.serving.free_ports import Moved, with_free_ports
from ivr.cli.serving.instance import claimed_state_dir, command_line, start_turn
from ivr.cli.serving.signals import StopRequests
from ivr.doctor.checks.ports import require_free
from ivr.exchange.process import Exchange, ExchangeError, find_asterisk
from ivr.exchange.standalone import agi_secret, ami_secret, import_sample_lines, manual, prepare_exchange
from ivr.host.clock_priority import keep_priority
from ivr.host.handed_sockets import HandedSockets
from ivr.host.port_marks import marked
from ivr.host.ports import service_ports
from ivr.host.process_limits import leave_no_core_dumps, within_file_limit
from ivr.host.processes import HANGS, exit_within
from ivr.host.running import RunningInstance
from ivr.host.settings import Settings
from ivr.records import Recorder
from ivr.service.console_process import ConsoleProcess
from ivr.service.service import Service
from ivr.service.store_process.from_threads import LinkedProbe, LinkedRecords
from ivr.service.store_process.link import StoreLink
from ivr.service.store_process.messages import Hello
from ivr.service.store_process.process import StoreCommand
from ivr.service.stores import ADMISSION_S
from ivr.service.watching.audit_heads import AuditHeads
from ivr.service.watching.monitoring import Monitoring
from logs.levels import LogLevel
from logs.setup import configure_logs

_log = structlog.get_logger(__name__)

_WATCH_S: Final = 1.0
_EXIT_S: Final = 30.0
"""Longer than the last records, the store process, Asterisk and the console take to end."""
_ONE_ARENA: Final = {"MALLOC_ARENA_MAX": "1"}
"""Has glibc give all threads of the store process one heap. With a heap each, which keeps the memory of its largest
hash, the process had 403 MiB after 240 hashes. With one heap it had 23 to 80 MiB, and took as long."""


def _run_service(
    settings: Settings,
    link: StoreLink,
    heads: AuditHeads,
    guidance: Guidance,
    requests: StopRequests,
    *,
    ready: Callable[[], None] = lambda: None,
    exchange: Exchange | None = None,
    handed: HandedSockets | None = None,
) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with link.talking(), _recording(settings, LinkedRecords(link, loop)) as recorder:
            monitoring = Monitoring(settings, ami_secret(settings), LinkedProbe(link, loop), recorder, heads)
            recorder.vitals = monitoring.vitals
            service = Service(settings, link, guidance, agi_secret(settings), recorder, monitoring)
            watching = asyncio.create_task(_watch(exchange, stop))
            keep_priority(loop)
            try:
                with requests.serving(stop=lambda: loop.call_soon_threadsafe(stop.set)):
                    await service.run(stop, ready, lambda calls: _tell_of_calls(calls, settings.stop_s), handed)
            finally:
                watching.cancel()
                exit_within(_EXIT_S, telling=lambda: _log.error("cut_off", reason=HANGS, after_s=_EXIT_S))
        if exchange is not None and not exchange.running:
            raise ExchangeError(f"Asterisk has ended; its log: {exchange.log_path}")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _store_link(settings: Settings, heads: AuditHeads, log_level: LogLevel, *, log_json: bool | None) -> StoreLink:
    """Make the link to a store process that has our settings and writes its log beside ours.

    Args:
        settings: the settings of the environment, perhaps with another state directory.
        heads: called with where the audit trail ends.
        log_level: the least important lines to write.
        log_json: whether to write them as JSON; None does so unless standard error is a terminal.
    """
    form = [] if log_json is None else ["--log-json" if log_json else "--no-log-json"]
    command = StoreCommand(
        words=[sys.executable, "-m", "ivr.cli.serving.store_process", "--log-level", log_level, *form],
        environment={**_ONE_ARENA, **os.environ, "KARIPASS_STATE_DIR": str(settings.state_dir)},
        hello=Hello(service_id=uuid4().hex[:12], host=socket.gethostname(), pid=os.getpid()),
    )
    return StoreLink(command, heads.appended, patience_s=ADMISSION_S)


def _tell_of_calls(calls: int, at_most_s: float) -> None:
    """Tell the person at the terminal why the service does not stop yet; elsewhere the log says it."""
    if sys.stderr.isatty():
        going_on = "1 call is still going on" if calls == 1 else f"{calls} calls are still going on"
        print(
            f"\n{going_on}: waiting for the end, at most {at_most_s:g} s. Press Ctrl-C again to end at once.",
            file=sys.stderr,
            flush=True,
        )


@asynccontextmanager
async def _recording(settings: Settings, writer: LinkedRecords) -> AsyncIterator[Recorder]:
    """Run a recorder until the service has ended."""
    recorder = Recorder(writer, keep=timedelta(days=settings.records_days))
    recorder.start()
    try:
        yield recorder
    finally:
        await asyncio.get_running_loop().run_in_executor(None, recorder.close)


async def _watch(exchange: Exchange | None, stop: asyncio.Event) -> None:
    """Stop the service when our own Asterisk has ended: there is nobody left to serve."""
    while exchange is not None:
        await asyncio.sleep(_WATCH_S)
        if not exchange.running and not stop.is_set():
            stop.set()


def serve(log_level: LogLevel, *, log_json: bool | None) -> None:
    """Run the service until it is stopped.

    Args:
        log_level: the least important lines to write.
        log_json: whether to write them as JSON; None does so unless standard error is a terminal.
    """
    configure_logs(level=log_level, json=log_json)
    leave_no_core_dumps()
    with StopRequests() as requests:
        settings = within_file_limit(Settings.from_environment())
        handed = HandedSockets()
        require_free(port for port in service_ports(settings) if not handed.has(port.host, port.port))
        guidance = Guidance.load(settings.language, settings.operator_prompts_dir)  # before the store is migrated
        heads = AuditHeads()
        with _store_link(settings, heads, log_level, log_json=log_json) as link:
            _run_service(settings, link, heads, guidance, requests, handed=handed)


def up(log_level: LogLevel) -> None:
    """Run an Asterisk, the service and the console until they are stopped."""
    configure_logs(level=log_level)
    leave_no_core_dumps()
    with StopRequests() as requests:
        wanted = within_file_limit(Settings.from_environment())
        with claimed_state_dir(wanted) as (settings, instance):
            requests.at_once(instance.release)
            find_asterisk(settings.state_dir.absolute())  # may take a minute: do it before others must wait for us
            notes = [] if settings.state_dir == wanted.state_dir else [_second(wanted, settings)]
            _start_in_turn(settings, instance, requests, notes, log_level)


def _start_in_turn(
    settings: Settings, instance: RunningInstance, requests: StopRequests, notes: Sequence[str], log_level: LogLevel
) -> None:
    with ExitStack() as turn:
        turn.enter_context(start_turn())
        settings, moved = with_free_ports(settings)
        notes = [*notes, *_notes(settings, moved)]
        guidance = Guidance.load(settings.language, settings.operator_prompts_dir)
        heads = AuditHeads()
        with open_store(settings, heads.appended) as store:
            import_sample_lines(store, operator=system_operator())
        with _store_link(settings, heads, log_level, log_json=None) as link:
            console, exchange = ConsoleProcess(settings), prepare_exchange(settings)
            requests.at_once(console.end_at_once)
            requests.at_once(exchange.end_at_once)

            def ready() -> None:
                turn.close()
                print(manual(settings, ivr=command_line(settings), notes=notes), flush=True)

            first, last = settings.rtp_range
            with marked(range(first, last + 1)), console, exchange:
                console.wait_until_it_listens()
                instance.publish(settings.to_publish)
                _run_service(settings, link, heads, guidance, requests, ready=ready, exchange=exchange)


def _second(wanted: Settings, settings: Settings) -> str:
    return (
        f"Another karipass runs in {wanted.state_dir}. This one has lines, passwords and records of its\n"
        f"  own, in {settings.state_dir}: the commands below name it."
    )


def _notes(settings: Settings, moved: Sequence[Moved]) -> Iterator[str]:
    if moved:
        yield f"Ports whose default is taken here: {', '.join(map(str, moved))}."
    unpublished = [name for name in (DATABASE_VARIABLE, KEY_VARIABLE) if name in os.environ]
    if unpublished:
        yield f"In other terminals, set {' and '.join(unpublished)} as here: secrets are not written to a file."
