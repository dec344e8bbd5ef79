"""The doctor checks that the service may open enough files for its calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.host import files
from ivr.doctor.port_holder import Process
from tests.ivr.doctor.examined import free_ports, looked, site_of

LIMITS = "Limit           Soft Limit  Hard Limit  Units\nMax open files  {soft}         4096        files\n"


def test_what_this_host_gives_is_enough_for_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "files_allowed", lambda _calls: 65536)
    (each,) = looked(files.CHECKS, site_of(tmp_path, **free_ports()))
    assert each.finding.level is Level.OK


def test_too_few_are_told_with_what_they_are_enough_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "files_allowed", lambda _calls: 1024)
    (each,) = looked(files.CHECKS, site_of(tmp_path, **free_ports()))
    assert each.finding.level is Level.WARNING
    assert "enough for 181 calls at once, not for 1000" in each.finding.text
    assert "LimitNOFILE=4300" in each.finding.remedy


def test_a_service_that_runs_is_asked_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "holder_of", lambda _port: Process(4711, ("ivr", "serve")))
    limits = tmp_path / "limits"
    limits.write_text(LIMITS.format(soft=700), encoding="ascii")
    monkeypatch.setattr(files, "Path", lambda path: limits if path == "/proc/4711/limits" else pytest.fail(path))
    (each,) = looked(files.CHECKS, site_of(tmp_path, **free_ports()))
    assert each.finding.text.startswith("the service may have 700 files open: enough for 100 calls")
