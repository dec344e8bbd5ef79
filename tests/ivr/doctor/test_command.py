"""`ivr doctor` as a command: its table, its JSON and its exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ivr.cli.doctor import doctor
from ivr.doctor import Check, all_checks
from ivr.doctor.checks.host import local
from tests.ivr.doctor.examined import free_ports


def run(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, as_json: bool = False) -> int:
    for name in [name for name in os.environ if name.startswith("KARIPASS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        doctor(as_json=as_json)
    return int(ended.value.code or 0)


def test_the_command_ends_with_1_if_there_is_an_error_and_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = {f"KARIPASS_{name.upper()}": str(port) for name, port in free_ports().items()}
    away = {"KARIPASS_AMI_PORT": "1", "KARIPASS_AMI_SECRET": "s"}
    assert run(monkeypatch, {"KARIPASS_STATE_DIR": str(tmp_path), **ports, **away}) == 1
    shown = capsys.readouterr().out
    assert "cannot be reached" in " ".join(shown.split())
    assert "errors: 1" in shown


def test_warnings_alone_do_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(all_checks, "CHECKS", [Check("state", local.state_directory)])
    assert run(monkeypatch, {"KARIPASS_STATE_DIR": str(tmp_path / "nowhere")}) == 0
    assert "warnings: 1" in capsys.readouterr().out


def test_a_wrong_setting_is_an_error_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, {"KARIPASS_CALLS": "none"}, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert "KARIPASS_CALLS=none" in report["findings"][0]["text"]


def test_the_report_for_machines_has_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(all_checks, "CHECKS", [Check("state", local.state_directory)])
    tmp_path.chmod(0o700)
    assert run(monkeypatch, {"KARIPASS_STATE_DIR": str(tmp_path)}, as_json=True) == 0
    expected = {"check": "state", "level": "ok", "text": str(tmp_path), "remedy": ""}
    assert json.loads(capsys.readouterr().out) == {"ok": True, "findings": [expected]}
