"""Runs the service: its doors, its workers and its health pages, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from socket import socket
from typing import Final

import structlog
import uvloop

from ivr.cli.serving.signals import StopRequests
from ivr.exchange.process import Exchange, ExchangeError
from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from ivr.host.settings_file import environment_with_file
from ivr.service.doors import AudioDoors, Doors, open_agi_door, open_audio_door, open_door
from ivr.service.places import Places
from ivr.service.watching.health import health_server
from ivr.service.workers.chief import Chief
from ivr.service.workers.process import WorkerProcess
from logs.levels import LogLevel
from settings.errors import SettingsError

_log = structlog.get_logger(__name__)

_WATCH_S: Final = 1.0
_EXIT_S: Final = 40.0
"""How much longer than its calls a worker may take to end: it gives its own threads 30 s."""


class Host:
    """Runs the service of this host.

    Args:
        settings: its settings.
        environment: this process's environment, which may name a settings file.
        log_level: the least important lines that workers write.
        log_json: whether they write them as JSON; None does so unless standard error is a terminal.
    """

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], log_level: LogLevel, *, log_json: bool | None
    ) -> None:
        self._settings = settings
        self._given = environment
        self._environment = environment_of(settings, environment_with_file(environment))
        form = [] if log_json is None else ["--log-json" if log_json else "--no-log-json"]
        self._words = [sys.executable, "-m", "ivr.cli.serving.worker", "--log-level", log_level, *form]
        self._places = Places(settings.calls, settings.calls_of_a_number)

    def run(
        self,
        requests: StopRequests,
        *,
        ready: Callable[[], None] = lambda: None,
        exchange: Exchange | None = None,
        handed: HandedSockets | None = None,
    ) -> None:
        """Serve until it is asked to stop, then let the calls in progress end.

        Args:
            requests: asks it to stop.
            ready: called when calls can come.
            exchange: an Asterisk of our own; when it ends the service ends.
            handed: sockets to listen at, if they are for our addresses.

        Raises:
            PortTaken: a port is in use.
            WorkerNotStarted: a worker did not come up.
            ExchangeError: Asterisk has ended.
        """
        with ExitStack() as stack, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(stack, requests, ready, exchange, handed or HandedSockets({})))
        if exchange is not None and not exchange.running:
            raise ExchangeError(f"Asterisk has ended; its log: {exchange.log_path}")

    async def _serve(
        self,
        stack: ExitStack,
        requests: StopRequests,
        ready: Callable[[], None],
        exchange: Exchange | None,
        handed: HandedSockets,
    ) -> None:
        settings, loop = self._settings, asyncio.get_running_loop()
        agi = stack.enter_context(open_agi_door(settings, handed))
        audio = AudioDoors(settings, open_audio_door(settings, handed))
        stack.callback(audio.close)
        health = open_door(settings.health_host, settings.health_port, "KARIPASS_HEALTH_PORT (or _HOST)", handed)
        stack.enter_context(health)
        _tell_of(handed)

        def start(number: int, door: socket) -> WorkerProcess:
            return WorkerProcess(self._words, self._environment, number, Doors(agi, door))

        chief = Chief(start, audio, self._places)
        requests.at_once(chief.kill_all)
        pages = health_server(chief.vitals, chief.page)
        await pages.listen("", 0, health)
        stop = asyncio.Event()
        watching = asyncio.create_task(_watch(exchange, stop))
        try:
            await chief.start(settings.workers)
            loop.add_signal_handler(signal.SIGHUP, lambda: self._reload(chief))
            with requests.serving(stop=lambda: loop.call_soon_threadsafe(stop.set)):
                ready()
                _log.info("serving", access_number=settings.access_number, agi_port=settings.agi_port)
                await stop.wait()
        finally:
            watching.cancel()
            _tell_of_calls(self._places.taken, settings.stop_s)
            await chief.stop(settings.stop_s + _EXIT_S)
            await pages.close()
        _log.info("stopped")

    def _reload(self, chief: Chief) -> None:
        """Take new settings, and have workers with new code take over."""
        try:
            environment = environment_with_file(self._given)
            settings = Settings.of_environment(environment)
        except SettingsError as error:
            _log.error("settings_not_taken", problem=str(error), meanwhile="the old ones hold")
            return
        kept = [name for name in _FIXED if getattr(settings, name) != getattr(self._settings, name)]
        if kept:
            _log.warning(
                "settings_need_a_restart", settings=[f"KARIPASS_{name.upper()}" for name in kept], meanwhile="as before"
            )
        fixed = {f"KARIPASS_{name.upper()}": str(getattr(self._settings, name)) for name in _FIXED}
        self._environment = {**environment, **fixed}
        self._places.calls, self._places.of_a_number = settings.calls, settings.calls_of_a_number
        self._reloading = asyncio.create_task(chief.replace(settings.workers))


_FIXED: Final = (
    "state_dir",
    "agi_host",
    "agi_port",
    "audiosocket_host",
    "audiosocket_bind",
    "audiosocket_port",
    "audiosocket_more_ports",
    "health_host",
    "health_port",
)
"""What the process that keeps the doors holds until it ends."""


def environment_of(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with the settings that differ from what it says."""
    said = Settings.of_environment(environment)
    changed = {
        f"KARIPASS_{name.upper()}": str(value)
        for name in Settings.model_fields
        if (value := getattr(settings, name)) != getattr(said, name)
    }
    return {**environment, **changed}


def _tell_of(handed: HandedSockets) -> None:
    if handed.left:
        _log.warning("sockets_not_used", addresses=handed.left, remedy="let the socket unit name the service's ports")


def _tell_of_calls(calls: int, at_most_s: float) -> None:
    """Tell the person at the terminal why the service does not stop yet; elsewhere the log says it."""
    if calls and sys.stderr.isatty():
        going_on = "1 call is still going on" if calls == 1 else f"{calls} calls are still going on"
        print(
            f"\n{going_on}: waiting for the end, at most {at_most_s:g} s. Press Ctrl-C again to end at once.",
            file=sys.stderr,
            flush=True,
        )


async def _watch(exchange: Exchange | None, stop: asyncio.Event) -> None:
    """Stop the service when our own Asterisk has ended: there is nobody left to serve."""
    while exchange is not None:
        await asyncio.sleep(_WATCH_S)
        if not exchange.running and not stop.is_set():
            stop.set()
