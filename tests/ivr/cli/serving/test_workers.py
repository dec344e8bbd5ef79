"""`ivr serve` and its workers: their number, their settings, their metrics, and what becomes of them."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from urllib.request import urlopen

from ivr.service.workers.process import ONE_THREAD
from tests.ivr.cli.serving.served import PATIENCE_S, Served, served, until


def metrics(service: Served) -> str:
    with urlopen(f"http://127.0.0.1:{service.health_port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def until_so_many(service: Served, workers: int) -> list[int]:
    give_up = time.monotonic() + PATIENCE_S
    while len(service.workers) != workers or len(service.stores) != workers:
        assert time.monotonic() < give_up, service.log
        time.sleep(0.05)
    return service.workers


def test_as_many_workers_as_were_asked_for_are_told_apart_by_metrics_and_end_with_a_service_that_is_killed(
    tmp_path: Path,
) -> None:
    with served(tmp_path, "--workers", "2") as service:
        until(service, '"serving"')
        workers = until_so_many(service, 2)
        page = metrics(service)
        for number in ("1", "2"):
            assert f'karipass_calls_in_progress{{worker="{number}"}} 0.0' in page
        for worker in workers:
            variables = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
            assert {f"{name}={value}".encode() for name, value in ONE_THREAD.items()} <= set(variables)
        left = [*service.workers, *service.stores]
        service.process.kill()
        service.process.wait(PATIENCE_S)
        give_up = time.monotonic() + PATIENCE_S
        while any(Path(f"/proc/{pid}/exe").exists() for pid in left):
            assert time.monotonic() < give_up, service.log
            time.sleep(0.05)
        with socket.create_server(("127.0.0.1", service.agi_port)):
            pass


def test_a_worker_that_is_killed_is_started_again_and_the_service_is_ready(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "1") as service:
        until(service, '"serving"')
        [killed] = service.workers
        os.kill(killed, signal.SIGKILL)
        until(service, '"worker_died"')
        give_up = time.monotonic() + PATIENCE_S
        while not service.ready():
            assert time.monotonic() < give_up, service.log
            time.sleep(0.05)
        [worker] = until_so_many(service, 1)
        assert worker != killed


def test_sighup_takes_the_settings_of_the_file_as_they_are_then(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("KARIPASS_WORKERS=1\nKARIPASS_LANGUAGE=ja\n", encoding="utf-8")
    with served(tmp_path, KARIPASS_SETTINGS_FILE=str(file)) as service:
        until(service, '"serving"')
        [old] = service.workers
        file.write_text("KARIPASS_WORKERS=2\nKARIPASS_LANGUAGE=en\nKARIPASS_STATE_DIR=/elsewhere\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(service, '"workers_replaced"')
        new = until_so_many(service, 2)
        assert old not in new
        for worker in new:
            assert b"KARIPASS_LANGUAGE=en" in Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
        assert "settings_need_a_restart" not in service.log  # what the environment sets goes before the file
    assert "Traceback" not in service.log


def test_settings_that_cannot_be_used_leave_the_old_workers_at_work(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("KARIPASS_WORKERS=1\n", encoding="utf-8")
    with served(tmp_path, KARIPASS_SETTINGS_FILE=str(file)) as service:
        until(service, '"serving"')
        before = service.workers
        file.write_text("KARIPASS_CALLS=many\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(service, '"settings_not_taken"')
        assert "KARIPASS_CALLS=many" in service.log
        file.write_text("KARIPASS_LANGUAGE=tlh\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(service, '"workers_not_replaced"')
        assert "tlh" in service.log
        assert until_so_many(service, 1) == before  # the new one takes a moment to end
        assert service.ready()
