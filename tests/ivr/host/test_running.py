"""A running instance publishes its settings to other terminals; a killed one leaves nothing that counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ivr.host.running import RunningError, RunningInstance, is_running, running_environment, running_settings
from ivr.host.settings import Settings

KILLED = """
import os, sys
from pathlib import Path
from ivr.host.running import RunningInstance
RunningInstance.claim(Path(sys.argv[1])).publish({"agi_port": 4583})
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))


def claim(tmp_path: Path) -> RunningInstance:
    instance = RunningInstance.claim(tmp_path)
    assert instance is not None
    return instance


def test_others_find_the_settings_of_an_instance_while_it_runs(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    instance = claim(tmp_path)
    assert running_settings(tmp_path) == {}  # it is starting
    instance.publish({"agi_port": 4583}, {"KARIPASS_SMTP_HOST": "127.0.0.1"})
    assert running_settings(tmp_path) == {"agi_port": 4583}
    assert running_environment(tmp_path) == {"KARIPASS_SMTP_HOST": "127.0.0.1"}
    assert (tmp_path / "running.json").stat().st_mode & 0o777 == 0o600
    instance.release()
    instance.release()
    assert running_environment(tmp_path) == {}
    assert not is_running(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["running.lock"]


def test_a_state_directory_has_one_instance_at_a_time(tmp_path: Path) -> None:
    instance = claim(tmp_path)
    assert RunningInstance.claim(tmp_path) is None
    assert is_running(tmp_path)
    instance.release()
    claim(tmp_path).release()


def test_what_a_killed_instance_left_does_not_count_and_goes_with_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert (tmp_path / "running.json").exists()
    assert running_settings(tmp_path) == {}
    assert Settings.load().agi_port == 4573
    instance = claim(tmp_path)
    assert not (tmp_path / "running.json").exists()
    instance.release()


@pytest.mark.parametrize("text", ["", "[]", '{"settings": 5, "environment": [1]}', "\x80", '{"settings": {"agi_'])
def test_a_file_that_makes_no_sense_is_as_none(tmp_path: Path, text: str) -> None:
    instance = claim(tmp_path)
    (tmp_path / "running.json").write_text(text, encoding="latin-1")
    assert running_settings(tmp_path) == running_environment(tmp_path) == {}
    instance.release()


def test_where_it_cannot_be_written_that_is_said(tmp_path: Path) -> None:
    instance = claim(tmp_path)
    (tmp_path / "running.json").mkdir()
    with pytest.raises(RunningError, match=r"running\.json cannot be written"):
        instance.publish({})
    assert [path.name for path in tmp_path.glob(".*")] == []
    instance.release()


def test_commands_take_the_environment_then_the_instance_then_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARIPASS_HEALTH_PORT", "9000")
    instance = claim(tmp_path)
    instance.publish({"agi_port": 4583, "health_port": 4585, "of_a_newer_version": 1})
    settings = Settings.load()
    assert (settings.agi_port, settings.health_port, settings.sip_port) == (4583, 9000, 5060)
    assert Settings.load(agi_port=7).agi_port == 7
    assert Settings.from_environment().agi_port == 4573  # for a user who starts an instance
    instance.release()


def test_an_instance_tells_all_that_its_environment_sets_but_for_the_url_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "DATABASE_URL": "postgresql+psycopg://ivr:not-for-a-file@127.0.0.1/ivr",
        "AMI_SECRET": "known-to-asterisk",
        "KEY_FILE": "key",
        "CONSOLE_NAMES": "console.example.jp",
        "CALL_S": "200",
        "RTP_PORTS": "20000-20999",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"KARIPASS_{name}", value)
    told = Settings.from_environment().to_publish
    assert told == {
        "ami_secret": "known-to-asterisk",
        "key_file": str(tmp_path / "key"),
        "console_names": ["console.example.jp"],
        "call_s": 200.0,
        "rtp_ports": "20000-20999",
    }
    started = Settings.from_environment()
    for name in given:
        monkeypatch.delenv(f"KARIPASS_{name}")
    instance = claim(tmp_path)
    instance.publish(told)
    found = Settings.load()
    assert found.ami_secret == started.ami_secret
    assert (found.console_names, found.call_s) == (started.console_names, 200.0)
    instance.release()
