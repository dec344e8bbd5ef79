"""The doctor's findings about the room on disks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.store import disk
from ivr.doctor.port_holder import Process
from tests.ivr.doctor.examined import looked, site_of

GB = 1_000_000_000


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The total and free bytes that every disk reports."""
    has = {"total": 100 * GB, "free": 50 * GB}
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: (has["total"], has["total"] - has["free"], has["free"]))
    return has


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (100 * GB, 6 * GB, Level.OK),
        (100 * GB, 4.9 * GB, Level.WARNING),  # 5 % of it
        (4000 * GB, 6 * GB, Level.OK),  # enough, however small a share
        (4000 * GB, 4.9 * GB, Level.WARNING),
        (2 * GB, 0.6 * GB, Level.OK),
        (2 * GB, 0.4 * GB, Level.WARNING),  # a large share, and too little
        (2 * GB, 0.01 * GB, Level.ERROR),
        (2 * GB, 0, Level.ERROR),
    ],
)
def test_a_disk_is_judged_by_what_is_left(
    tmp_path: Path, room: dict[str, int], total: float, free: float, level: Level
) -> None:
    room |= {"total": int(total), "free": int(free)}
    first, *_ = looked(disk.CHECKS, site_of(tmp_path))
    assert first.finding.level is level
    assert f"{tmp_path} (store and records) has {int(free) // 1_000_000:,} MB left" in first.finding.text


@pytest.mark.usefixtures("room")
def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above_it(tmp_path: Path) -> None:
    first, *_ = looked(disk.CHECKS, site_of(tmp_path / "not" / "yet"))
    assert first.finding.text.startswith(f"{tmp_path} (store")
    assert not (tmp_path / "not").exists()


@pytest.mark.usefixtures("room")
def test_each_disk_is_told_of_once(tmp_path: Path) -> None:
    texts = [each.finding.text for each in looked(disk.CHECKS, site_of(tmp_path))]
    assert len(texts) == len({Path(text.split(" (")[0]).stat().st_dev for text in texts})


def test_the_log_of_the_service_that_runs_is_found_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "logs" / "service.log"
    log.parent.mkdir()
    log.touch()
    (tmp_path / "2").symlink_to(log)
    monkeypatch.setattr(disk, "holder_of", lambda _port: Process(4711, ("ivr", "serve")))
    monkeypatch.setattr(disk, "Path", lambda path: tmp_path / "2" if path == "/proc/4711/fd/2" else pytest.fail(path))
    assert disk._log_folder(4573) == log.parent
