"""`ivr serve` and its store process: how they start, and how they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.records import open_records
from storage.database import Database

PATIENCE_S = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Served:
    """`ivr serve` in a process of its own."""

    def __init__(self, state: Path, **environment: str) -> None:
        self.health_port = free_port()
        self._log = state / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ivr", "serve", "--log-json"],
                env={
                    **os.environ,
                    "KARIPASS_STATE_DIR": str(state),
                    "KARIPASS_AMI_PORT": "1",
                    "KARIPASS_AGI_PORT": str(free_port()),
                    "KARIPASS_AUDIOSOCKET_PORT": str(free_port()),
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
    def children(self) -> list[int]:
        by_thread = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(child) for file in by_thread for child in file.read_text(encoding="ascii").split()]

    def ready(self) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
        return False


@contextmanager
def served(state: Path, **environment: str) -> Iterator[Served]:
    service = Served(state, **environment)
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


def has_ended(pid: int) -> bool:
    give_up = time.monotonic() + 5.0
    while time.monotonic() < give_up:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "Z" in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[:1]:
            return True  # in a container nobody may take its status
        time.sleep(0.05)
    return False


def test_a_store_process_that_dies_is_started_again_and_the_service_goes_on(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        until(service, '"store_up"')
        [killed] = service.children
        assert Path(f"/proc/{killed}/comm").read_text(encoding="ascii") == "karipass-store\n"
        os.kill(killed, signal.SIGKILL)
        until(service, '"store_process_started"')
        assert service.ready()
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) == 0
    assert service.log.count('"store_process_started"') == 1
    assert "Traceback" not in service.log


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_store_process_does_not_outlive_the_service(tmp_path: Path, ending: signal.Signals) -> None:
    with served(tmp_path) as service:
        until(service, '"serving"')
        [child] = service.children
        service.process.send_signal(ending)
        service.process.wait(PATIENCE_S)
        assert has_ended(child)
    assert "Traceback" not in service.log


def test_the_threads_of_a_store_process_share_one_heap_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    for given, has in (({}, b"MALLOC_ARENA_MAX=1"), ({"MALLOC_ARENA_MAX": "3"}, b"MALLOC_ARENA_MAX=3")):
        with served(tmp_path, **given) as service:
            until(service, '"serving"')
            [child] = service.children
            assert has in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")


def refusal(state: Path, **environment: str) -> str:
    """The one line by which `ivr serve` says why it does not start."""
    service = Served(state, **environment)
    assert service.process.wait(PATIENCE_S) == 1
    lines = [line for line in service.log.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, service.log
    return lines[0]


def test_a_wrong_key_is_told_with_the_remedy(tmp_path: Path) -> None:
    CredentialStore.open(f"sqlite:///{tmp_path / 'store.db'}", key=Key.generate()).close()
    said = refusal(tmp_path)
    assert said.startswith("ivr: ")
    assert said.endswith("use the key file of the host that made the database")


def test_a_database_of_a_newer_version_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    open_records(url).close()
    database = Database(url)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE ivr_version SET version_num = '9999'")
    database.close()
    assert "9999" in refusal(tmp_path)


def test_a_database_that_is_away_is_told_with_its_setting(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/store"
    said = refusal(tmp_path, KARIPASS_DATABASE_URL=url)
    assert said.endswith("(KARIPASS_DATABASE_URL says where it is)")
