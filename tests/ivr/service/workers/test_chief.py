"""The chief keeps so many workers at work, whatever becomes of them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from ivr.host.settings import Settings
from ivr.service.doors import AudioDoors, Doors, listening_socket
from ivr.service.places import Places
from ivr.service.workers import chief as chief_module
from ivr.service.workers.chief import Chief
from ivr.service.workers.process import WorkerNotStarted, WorkerProcess
from logs.setup import configure_logs
from tests.repository import ROOT

WORDS = (sys.executable, "-m", "tests.ivr.service.workers.scripted_worker")


class Crew:
    """A chief whose workers follow a script."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.script: dict[str, Any] = {}
        self.places = Places(calls=3, of_a_number=2)
        self.agi = listening_socket("127.0.0.1", 0)
        first = listening_socket("127.0.0.1", 0)
        self.settings = Settings(audiosocket_port=first.getsockname()[1])
        self.doors = AudioDoors(self.settings, first)
        self.started: list[WorkerProcess] = []
        self.given: list[int] = []
        self.chief = Chief(self.start, self.doors, self.places)

    def start(self, number: int, door: socket.socket) -> WorkerProcess:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCRIPT": json.dumps(self.script)}
        worker = WorkerProcess(WORDS, environment, number, Doors(self.agi, door))
        self.started.append(worker)
        self.given.append(door.getsockname()[1])
        return worker

    async def pids(self) -> set[int]:
        page = (await self.chief.page()).decode()
        return {int(float(pid)) for pid in re.findall(r"^karipass_pid\{.*?\} (\S+)", page, re.MULTILINE)}

    async def logged(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.log.getvalue().count(text) < times:  # noqa: ASYNC110 - what the log says
                await asyncio.sleep(0.02)


@pytest.fixture
async def crew() -> AsyncIterator[Crew]:
    crew = Crew()
    configure_logs(json=True, stream=crew.log)
    yield crew
    await crew.chief.stop(patience_s=10)
    crew.doors.close()
    crew.agi.close()
    structlog.reset_defaults()


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chief_module, "_LOOK_S", 0.02)
    monkeypatch.setattr(chief_module, "SILENT_LOOKS", 40)


async def test_so_many_workers_are_at_work_each_with_a_door_of_its_own(crew: Crew) -> None:
    await crew.chief.start(3)
    assert await crew.pids() == {worker.pid for worker in crew.started}
    assert len(set(crew.given)) == 3
    assert crew.given[0] == crew.settings.audiosocket_port
    assert crew.chief.vitals().calls == 1 + 2 + 3


async def test_a_worker_that_dies_is_replaced_and_its_places_are_free_again(crew: Crew) -> None:
    crew.script = {"places": ["0312345678"]}
    await crew.chief.start(1)
    async with asyncio.timeout(10):
        while not crew.places.taken:  # noqa: ASYNC110 - what the worker does
            await asyncio.sleep(0.02)
    crew.script = {}
    crew.started[0].kill()
    await crew.logged('"worker_ready"', times=2)
    assert '"status": -9' in crew.log.getvalue()
    assert crew.places.taken == 0
    assert await crew.pids() == {crew.started[1].pid}
    assert crew.given[1] == crew.given[0]


async def test_replacing_starts_a_new_one_before_it_lets_an_old_one_go(crew: Crew) -> None:
    await crew.chief.start(2)
    old = [worker.pid for worker in crew.started]
    await crew.chief.replace(2)
    await crew.logged('"worker_ended"', times=2)
    assert await crew.pids() == {worker.pid for worker in crew.started[2:]}
    assert not {worker.pid for worker in crew.started[2:]} & set(old)
    first_end = crew.log.getvalue().index('"worker_ended"')
    assert crew.log.getvalue()[:first_end].count('"worker_ready"') >= 3


async def test_replacing_can_change_how_many_there_are(crew: Crew) -> None:
    await crew.chief.start(3)
    await crew.chief.replace(1)
    await crew.logged('"worker_ended"', times=3)
    assert crew.chief.vitals().calls == 4
    await crew.chief.replace(2)
    await crew.logged('"worker_ended"', times=4)
    assert len(crew.started) == 3 + 1 + 2


async def test_if_the_new_ones_do_not_come_up_the_old_ones_stay(crew: Crew) -> None:
    await crew.chief.start(2)
    crew.script = {"problem": "KARIPASS_LANGUAGE=xx: no such guidance"}
    await crew.chief.replace(2)
    await crew.logged('"workers_not_replaced"')
    assert "KARIPASS_LANGUAGE=xx: no such guidance" in crew.log.getvalue()
    assert {worker.pid for worker in crew.started[:2]} <= await crew.pids()


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ({"problem": "the store is away"}, "the store is away"),
        ({"status": 3}, "ended with status 3: see what it logged"),
        ({"version": 99}, "restart the service"),
    ],
)
async def test_a_first_worker_that_does_not_come_up_says_why(crew: Crew, script: dict[str, Any], problem: str) -> None:
    crew.script = script
    with pytest.raises(WorkerNotStarted, match=problem):
        await crew.chief.start(1)


@pytest.mark.usefixtures("brisk")
async def test_a_worker_that_says_nothing_is_ended_and_replaced(crew: Crew) -> None:
    crew.script = {"silent": True}
    await crew.chief.start(1)
    crew.script = {}
    await crew.logged('"worker_silent"')
    await crew.logged('"worker_ready"', times=2)


async def test_workers_that_die_again_and_again_are_started_at_longer_and_longer_intervals(crew: Crew) -> None:
    await crew.chief.start(1)
    crew.script = {"status": 1}
    crew.started[0].kill()
    await crew.logged('"worker_not_started"', times=2)
    crew.script = {}
    await crew.logged('"worker_ready"', times=2)
    assert len(crew.started) <= 5


async def test_when_it_stops_all_workers_have_ended(crew: Crew) -> None:
    await crew.chief.start(2)
    await crew.chief.stop(patience_s=10)
    assert crew.log.getvalue().count('"worker_ended"') == 2
    assert crew.chief.vitals().calls is None
