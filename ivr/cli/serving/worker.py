"""A worker of the service: `python -m ivr.cli.serving.worker`.

The service starts it. It takes its settings from the environment, as `ivr serve` does, and its sockets from the
process that starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog
import uvloop

from ivr.call.guidance import Guidance
from ivr.cli.common import expected_errors, told
from ivr.exchange.standalone import agi_secret, ami_secret
from ivr.host.clock_priority import keep_priority
from ivr.host.heap import settle
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.processes import HANGS, exit_within
from ivr.host.settings import Settings
from ivr.records import Recorder
from ivr.service.doors import Doors
from ivr.service.service import Service
from ivr.service.store_process.from_threads import LinkedProbe, LinkedRecords
from ivr.service.store_process.link import StoreLink
from ivr.service.store_process.messages import Hello
from ivr.service.store_process.process import StoreCommand
from ivr.service.stores import ADMISSION_S
from ivr.service.watching.audit_heads import AuditHeads
from ivr.service.watching.monitoring import Monitoring
from ivr.service.workers import messages
from ivr.service.workers.at_work import AtWork
from ivr.service.workers.line import Line
from ivr.service.workers.process import PROCESS_NAME
from logs.levels import LogLevel
from logs.setup import configure_logs
from storage.clock import Clock

_log = structlog.get_logger(__name__)

_EXIT_S: Final = 30.0
"""Longer than the last records and the store process take to end."""
_ONE_ARENA: Final = {"MALLOC_ARENA_MAX": "1"}
"""Has glibc give all threads of the store process one heap. With a heap each, which keeps the memory of its largest
hash, the process had 403 MiB after 240 hashes. With one heap it had 23 to 80 MiB, and took as long."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """What a worker is given.

    Attributes:
        line: its end of the line to the process that starts it.
        doors: where its calls come in.
        log_level: the least important lines to write.
        log_json: whether to write them as JSON; None does so unless standard error is a terminal.
    """

    line: socket.socket
    doors: Doors
    log_level: LogLevel
    log_json: bool | None


async def work(post: Post) -> None:
    """Answer calls until the service stops, or others take over."""
    line = Line(post.line)
    try:
        settings = _settings(post.doors)
        guidance = Guidance.load(settings.language, settings.operator_prompts_dir)  # before the store is migrated
        heads = AuditHeads()
        with _store_link(settings, heads, post) as link:
            await _serve(settings, link, heads, guidance, line, post.doors)
    except expected_errors() as error:
        line.send(messages.NotServing(problem=told(error)))
        await line.all_sent()
        raise SystemExit(1) from None


async def _serve(
    settings: Settings, link: StoreLink, heads: AuditHeads, guidance: Guidance, line: Line, doors: Doors
) -> None:
    loop = asyncio.get_running_loop()
    at_work = AtWork(line)
    async with link.talking(), _recording(settings, LinkedRecords(link, loop), link.now) as recorder:
        monitoring = Monitoring(settings, ami_secret(settings), LinkedProbe(link, loop), recorder, heads)
        recorder.vitals = monitoring.vitals
        service = Service(settings, link, guidance, agi_secret(settings), recorder, monitoring, at_work)
        obeying = asyncio.create_task(at_work.run(monitoring.vitals, monitoring.metrics.page))
        keep_priority(loop)
        settle()
        try:
            await service.run(doors, at_work.stop, at_work.hand_over, at_work.serving)
        finally:
            exit_within(_EXIT_S, telling=lambda: _log.error("cut_off", reason=HANGS, after_s=_EXIT_S))
            await at_work.end()
            await obeying


def _settings(doors: Doors) -> Settings:
    return Settings.from_environment(audiosocket_port=doors.audio.getsockname()[1])


def _store_link(settings: Settings, heads: AuditHeads, post: Post) -> StoreLink:
    """Make the link to a store process that has our settings and writes its log beside ours."""
    form = [] if post.log_json is None else ["--log-json" if post.log_json else "--no-log-json"]
    command = StoreCommand(
        words=[sys.executable, "-m", "ivr.cli.serving.store_process", "--log-level", post.log_level, *form],
        environment={**_ONE_ARENA, **os.environ, "KARIPASS_STATE_DIR": str(settings.state_dir)},
        hello=Hello(service_id=uuid4().hex[:12], host=socket.gethostname(), pid=os.getpid()),
    )
    return StoreLink(command, heads.appended, patience_s=ADMISSION_S)


@asynccontextmanager
async def _recording(settings: Settings, writer: LinkedRecords, clock: Clock) -> AsyncIterator[Recorder]:
    """Run a recorder until the service has ended."""
    recorder = Recorder(writer, keep=timedelta(days=settings.records_days), clock=clock)
    recorder.start()
    try:
        yield recorder
    finally:
        await asyncio.get_running_loop().run_in_executor(None, recorder.close)


def _handed(number: int) -> socket.socket:
    handed = socket.socket(fileno=number)
    handed.set_inheritable(False)  # none of these is for the store process
    return handed


def main() -> None:
    """Run a worker with what the command line gives it."""
    arguments = argparse.ArgumentParser(description="A worker of the service, which starts it by itself.")
    arguments.add_argument("--log-level", type=LogLevel, required=True)
    arguments.add_argument("--log-json", action=argparse.BooleanOptionalAction)
    arguments.add_argument("--number", type=int, required=True, help="names the worker")
    for option, whose in (("--line", "the line to the service"), ("--agi-door", "FastAGI"), ("--audio-door", "audio")):
        arguments.add_argument(option, type=int, required=True, help=f"the number of an open socket, for {whose}")
    given = arguments.parse_args()
    configure_logs(level=given.log_level, json=given.log_json)
    leave_no_core_dumps()
    with suppress(OSError):
        Path("/proc/self/comm").write_text(PROCESS_NAME, encoding="ascii")  # for ps, top and `ivr load`
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the service, which tells us to stop
    post = Post(
        line=_handed(given.line),
        doors=Doors(agi=_handed(given.agi_door), audio=_handed(given.audio_door)),
        log_level=given.log_level,
        log_json=given.log_json,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(post))


if __name__ == "__main__":
    main()
