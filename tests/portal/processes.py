"""`ivr portal` and `ivr mail` in processes of their own, and a balancer in front of several sites."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx

from ivr.lab.free_ports import free_tcp_ports

PATIENCE_S = 60.0


class Command:
    """An `ivr` command in a process of its own; what it says is in a file.

    Args:
        words: the command and its options.
        folder: where the file with its words goes.
        environment: what it finds in its environment, beside what is no setting of ours.
    """

    def __init__(self, *words: str, folder: Path, **environment: str) -> None:
        self._log = folder / f"{words[0]}-{uuid4().hex}.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ivr", *words], env=kept | environment, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill it, as a machine's end would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Have it end in order, if it has not ended yet; return its status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


class Site(Command):
    """`ivr portal`, on a port of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port, self.health_port = free_tcp_ports(2)
        own = {"KARIPASS_PORTAL_PORT": str(self.port), "KARIPASS_PORTAL_HEALTH_PORT": str(self.health_port)}
        super().__init__("portal", folder=folder, **(own | environment))

    def wait(self) -> None:
        """Wait until it serves."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            with suppress(httpx.TransportError):
                answer = httpx.get(f"http://127.0.0.1:{self.health_port}/healthz", trust_env=False, timeout=10)
                if answer.status_code == 200:
                    return
            assert self.process.poll() is None, self.log
            assert time.monotonic() < give_up, self.log
            time.sleep(0.05)


@contextmanager
def balancing(ports: list[int]) -> Iterator[str]:
    """Run a balancer until the end, and yield its address.

    Each connection goes to the next site that takes it: what any proxy does that keeps nobody with one process.
    """
    turn = 0

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        for _ in ports:
            turn += 1
            with suppress(OSError):
                theirs, ours = await asyncio.open_connection("127.0.0.1", ports[turn % len(ports)])
                await asyncio.gather(copy(reader, ours), copy(theirs, writer))
                break
        writer.close()

    over = asyncio.Event()
    serving: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()

    async def run() -> None:
        async with await asyncio.start_server(forward, "127.0.0.1", 0) as server:
            serving.set_result((asyncio.get_running_loop(), server.sockets[0].getsockname()[1]))
            await over.wait()
        for copying in asyncio.all_tasks() - {asyncio.current_task()}:
            copying.cancel()
        await asyncio.sleep(0.05)  # their connections close

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, run())
        loop, port = serving.result(PATIENCE_S)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            loop.call_soon_threadsafe(over.set)
            running.result(PATIENCE_S)
