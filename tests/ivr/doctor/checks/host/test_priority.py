"""The doctor's finding about the media clock's priority."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.host import priority
from ivr.doctor.port_holder import Process
from ivr.host.clock_priority import REMEDY, Scheduling
from tests.ivr.doctor.examined import looked, site_of


@pytest.mark.parametrize(
    ("has", "level", "text"),
    [
        (Scheduling(10, 0), Level.OK, "has real-time priority 10"),
        (Scheduling(0, -10), Level.WARNING, "has no real-time priority (niceness -10): "),
    ],
)
def test_a_running_service_is_judged_by_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: Scheduling, level: Level, text: str
) -> None:
    monkeypatch.setattr(priority, "holder_of", lambda _port: Process(4321, ("ivr", "serve")))
    monkeypatch.setattr(priority, "scheduling_of", {4321: has}.__getitem__)
    (each,) = looked(priority.CHECKS, site_of(tmp_path))
    assert each.finding.level is level
    assert f"the running service's clock {text}" in each.finding.text
    assert each.finding.remedy == ("" if level is Level.OK else REMEDY)


def test_without_a_service_it_is_judged_by_what_one_would_get_and_the_doctor_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_by: list[int] = []

    def take() -> Scheduling:
        asked_by.append(threading.get_native_id())
        return Scheduling(0, 0)

    monkeypatch.setattr(priority, "holder_of", lambda _port: None)
    monkeypatch.setattr(priority, "take_priority", take)
    (each,) = looked(priority.CHECKS, site_of(tmp_path))
    assert each.finding.level is Level.WARNING
    assert "a service started by this user" in each.finding.text
    assert os.getpid() not in asked_by
