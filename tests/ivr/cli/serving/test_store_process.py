"""`ivr serve` and its store process: how they start, and how they end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.lab.free_ports import free_tcp_ports
from ivr.records import open_records
from storage.database import Database
from tests.ivr.cli.serving.served import PATIENCE_S, Served, served, until


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


def test_a_store_process_that_dies_is_started_again_and_the_next_one_ends_with_the_service(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        until(service, '"store_up"')
        [killed] = service.stores
        os.kill(killed, signal.SIGKILL)
        until(service, '"store_process_started"')
        assert service.ready()
        [child] = service.stores
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) == 0
        assert has_ended(child)
    assert service.log.count('"store_process_started"') == 1
    assert "Traceback" not in service.log


@pytest.mark.parametrize(
    ("given", "has"),
    [({}, b"MALLOC_ARENA_MAX=1"), ({"MALLOC_ARENA_MAX": "3"}, b"MALLOC_ARENA_MAX=3")],
    ids=["by itself", "as the environment says"],
)
def test_the_threads_of_a_store_process_share_one_heap_and_it_does_not_outlive_a_service_that_is_killed(
    tmp_path: Path, given: dict[str, str], has: bytes
) -> None:
    with served(tmp_path, **given) as service:
        until(service, '"serving"')
        [child] = service.stores
        assert has in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        service.process.kill()
        service.process.wait(PATIENCE_S)
        assert has_ended(child)
    assert "Traceback" not in service.log


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
        connection.exec_driver_sql("UPDATE schema_reach SET oldest_program = '9999'")
    database.close()
    assert "9999" in refusal(tmp_path)


def test_a_database_that_is_away_is_told_with_its_setting(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_tcp_ports(1)[0]}/store"
    said = refusal(tmp_path, KARIPASS_DATABASE_URL=url)
    assert said.endswith("(KARIPASS_DATABASE_URL says where it is)")
