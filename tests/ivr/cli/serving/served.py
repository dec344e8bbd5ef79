"""`ivr serve` in a process of its own, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from ivr.host.usage import all_usages, descendants
from ivr.lab.free_ports import free_tcp_ports

PATIENCE_S = 60.0


class Served:
    """`ivr serve` in a process of its own."""

    def __init__(self, state: Path, *options: str, **environment: str) -> None:
        self.health_port, self.agi_port = free_tcp_ports(2)
        self._log = state / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ivr", "serve", "--log-json", *options],
                env={
                    **os.environ,
                    "KARIPASS_STATE_DIR": str(state),
                    "KARIPASS_AMI_PORT": "1",
                    "KARIPASS_AGI_PORT": str(self.agi_port),
                    "KARIPASS_AUDIOSOCKET_PORT": str(free_tcp_ports(1)[0]),
                    "KARIPASS_HEALTH_PORT": str(self.health_port),
                    **environment,
                },
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def workers(self) -> list[int]:
        return self._named("karipass-worker")

    @property
    def stores(self) -> list[int]:
        return self._named("karipass-store")

    def _named(self, name: str) -> list[int]:
        usages = all_usages()
        return [pid for pid in descendants(usages, self.process.pid) if usages[pid].name == name]

    def ready(self) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
        return False


@contextmanager
def served(state: Path, *options: str, **environment: str) -> Iterator[Served]:
    service = Served(state, *options, **environment)
    try:
        yield service
    finally:
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) is not None


def until(service: Served, text: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while text not in service.log:
        assert time.monotonic() < give_up, service.log
        time.sleep(0.05)
