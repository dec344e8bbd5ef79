"""Measures what the audio of calls costs, beside a bare server in the same run: `python -m ivr.lab.frame_bench`.

The bare server does what any AudioSocket server on this loop must do: it reads, discards, and writes silence every
20 ms. Ours also hears keys, runs the dialogue and says guidance. Both serve the same exchange, a process of its own
that sends what callers of an access number send, spread over the 20 ms as telephones do. The figure is the servers'
processor time, of the system and their own, per call and second. Rounds alternate between the two, so that a machine
whose clock changes treats both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import select
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median
from typing import Final, cast
from uuid import UUID

import uvloop

from credentials.model import Line
from dsp.bench import live_sounds
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Admitted, PreparePassword, StoreAnswer, StorePassword
from ivr.call.guidance import Guidance
from ivr.call.session import CallSession
from ivr.host.heap import settle
from ivr.media.clock import TICK_S, Media
from ivr.service.workers.process import ONE_THREAD
from ivr.telephony.audiosocket.codec import KIND_UUID, SILENCE, audio_message, message
from ivr.telephony.audiosocket.server import AudioSocketLimits, AudioSocketServer

CALLS: Final = (100, 200, 300)
WARM_UP_S: Final = 1.5
SLOTS: Final = 20
"""Into how many parts the exchange cuts 20 ms; in each it sends the frames of as many calls."""
_NUMBER: Final = "0312345678"
_READ_BYTES: Final = 65536
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Cost:
    """What calls cost, in microseconds of processor time per call and second; medians of the rounds.

    Attributes:
        calls: how many calls there were at once.
        ours: our cost.
        bare: the bare server's.
    """

    calls: int
    ours: float
    bare: float


# --- the two servers ------------------------------------------------------------------------------------------


class _NoStore:
    """The store of calls that set no password: the bench's callers press no keys."""

    def prepare_password(self, command: PreparePassword) -> None:
        """Prepare nothing."""

    def discard_password(self) -> None:
        """Nothing was prepared."""

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Store nothing."""

    def withdraw(self) -> None:
        """Nothing was stored."""

    def note_failure(self) -> None:
        """Count nothing."""


class _BareConnection(asyncio.Protocol):
    def __init__(self, opened: set[_BareConnection]) -> None:
        self._opened = opened
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one by its methods
        self._opened.add(self)

    def data_received(self, data: bytes) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        self._opened.discard(self)


async def _bare(_calls: int, listening: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    opened: set[_BareConnection] = set()
    server = await loop.create_server(lambda: _BareConnection(opened), _LOOPBACK, 0)
    listening(server.sockets[0].getsockname()[1])
    silence = audio_message(SILENCE)
    next_tick = loop.time()
    while True:
        next_tick += TICK_S
        await asyncio.sleep(max(0.0, next_tick - loop.time()))
        for connection in opened:
            if connection.transport is not None:
                connection.transport.write(silence)


async def _ours(calls: int, listening: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    admission = Admitted(Line(contract_number=_NUMBER, numbers=frozenset({_NUMBER})))
    catalogue = Guidance.load("ja").after(admission)
    media = Media()
    for number in range(calls):
        session = CallSession(
            str(number),
            Caller(_NUMBER),
            catalogue,
            limits=Limits(),
            observer=lambda _at, _entry: None,
            store=_NoStore(),
            now=loop.time(),
        )
        media.expect(UUID(int=number), session)
        session.handle(admission, loop.time())
    server = AudioSocketServer(media.attach, AudioSocketLimits(connections=2 * calls))
    await server.listen(_LOOPBACK, 0)
    listening(server.port)
    await media.run()


_SERVERS: Final[dict[str, Callable[[int, Callable[[int], None]], Awaitable[None]]]] = {"ours": _ours, "bare": _bare}


def _serve(name: str, calls: int, asked: Connection) -> None:
    """Run a server in a process of its own; tells its port, then its processor time whenever it is asked."""

    async def main() -> None:
        settle()  # as a worker does, and the bare server just so
        serving = asyncio.ensure_future(_SERVERS[name](calls, asked.send))

        def answer() -> None:
            if asked.recv():
                asked.send(time.process_time())
            else:
                serving.cancel()

        asyncio.get_running_loop().add_reader(asked.fileno(), answer)
        with suppress(asyncio.CancelledError):
            await serving

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


# --- the exchange ---------------------------------------------------------------------------------------------


def _carry(port: int, frames: Sequence[Sequence[bytes]], asked: Connection, seconds: float) -> float:
    """Carry calls for a while, one for each sequence of frames.

    Returns:
        The processor time that the server took for it after the warm-up, in seconds.
    """
    poll = select.epoll()
    peers = [socket.create_connection((_LOOPBACK, port)) for _ in frames]
    for number, peer in enumerate(peers):
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.send(message(KIND_UUID, UUID(int=number).bytes))
        poll.register(peer, select.EPOLLIN)
    by_number = {peer.fileno(): peer for peer in peers}
    began, start_s = None, time.monotonic()
    for slot in range(round((WARM_UP_S + seconds) / TICK_S) * SLOTS):
        due_s = start_s + slot * TICK_S / SLOTS
        while True:
            for number, _ in poll.poll(max(0.0, due_s - time.monotonic())):
                by_number[number].recv(_READ_BYTES)
            if time.monotonic() >= due_s:
                break
        tick, part = divmod(slot, SLOTS)
        if began is None and slot * TICK_S / SLOTS >= WARM_UP_S:
            began = _used(asked)
        for number in range(part, len(peers), SLOTS):
            peers[number].send(frames[number][tick % len(frames[number])])
    used = _used(asked)
    for peer in peers:
        peer.close()
    poll.close()
    return used - (began or 0.0)


def _used(asked: Connection) -> float:
    asked.send(True)
    return float(asked.recv())


def measure(calls: int, *, seconds: float, rounds: int, progress: Callable[[], None] = lambda: None) -> Cost:
    """Measure calls with both servers.

    Args:
        calls: how many at once.
        seconds: how long each round lasts.
        rounds: how many; the median of them counts.
        progress: called after each server's round.
    """
    sounds = live_sounds(calls, 250, busy=0.0).swapaxes(0, 1)
    frames = [[audio_message(frame.tobytes()) for frame in call] for call in sounds]
    used: dict[str, list[float]] = {name: [] for name in _SERVERS}
    os.environ.update(ONE_THREAD)  # as the service starts a worker
    spawning = multiprocessing.get_context("spawn")
    for _ in range(rounds):
        for name, times in used.items():
            asked, theirs = spawning.Pipe()
            server = spawning.Process(target=_serve, args=(name, calls, theirs), daemon=True)
            server.start()
            times.append(_carry(asked.recv(), frames, asked, seconds))
            asked.send(False)
            server.join()
            progress()
    ours, bare = (1e6 * median(used[name]) / calls / seconds for name in ("ours", "bare"))
    return Cost(calls, ours, bare)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="frame_bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, nargs="*", default=list(CALLS), help="how many calls at once")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each round lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how many rounds; the median counts")
    options = parser.parse_args()
    print("Microseconds of processor time per call and second; less is better.")
    print(f"{'calls':>8s}{'ours':>10s}{'bare server':>14s}{'ratio':>8s}")
    for calls in options.calls:
        cost = measure(calls, seconds=options.seconds, rounds=options.rounds)
        print(f"{cost.calls:8d}{cost.ours:10.0f}{cost.bare:14.0f}{cost.ours / cost.bare:8.2f}", flush=True)


if __name__ == "__main__":
    main()
