"""Which state directory an instance has, when it may start, and how other terminals reach it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from ivr.cli.serving.instance import claimed_state_dir, command_line, start_turn
from ivr.host.settings import Settings
from settings.errors import SettingsError


@pytest.fixture
def default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "KARIPASS_STATE_DIR", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".local" / "state" / "karipass"


def test_a_second_instance_has_a_directory_beside_the_first_and_the_next_one_takes_what_is_left(default: Path) -> None:
    wanted = Settings.from_environment()
    with ExitStack() as first, claimed_state_dir(wanted) as (second, _):
        assert second.state_dir == default
        third, _ = first.enter_context(claimed_state_dir(wanted))
        assert third.state_dir == default.with_name("karipass-2")
        assert third.state_dir.stat().st_mode & 0o777 == 0o700
        assert third.store_url.endswith("karipass-2/store.db")
    with claimed_state_dir(wanted) as (again, _):
        assert again.state_dir == default


def test_a_directory_that_the_environment_names_is_never_another(
    default: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(default))
    wanted = Settings.from_environment()
    with claimed_state_dir(wanted), pytest.raises(SettingsError) as refused, claimed_state_dir(wanted):
        pass
    assert str(refused.value) == (
        f"KARIPASS_STATE_DIR={default}: another karipass runs in it; stop that one, or name another directory"
    )


def test_a_directory_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "running.lock").mkdir()
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))
    with (
        pytest.raises(SettingsError, match=f"KARIPASS_STATE_DIR={tmp_path}: cannot be written to"),
        claimed_state_dir(Settings.from_environment()),
    ):
        pass


def test_a_command_for_the_usual_instance_needs_nothing_set(default: Path) -> None:
    program = str(Path(sys.executable).with_name("ivr"))
    assert command_line(Settings.from_environment(), {}) == program
    assert command_line(Settings.from_environment(state_dir=default.with_name("a b")), {}) == (
        f"KARIPASS_STATE_DIR='{default.with_name('a b')}' {program}"
    )


def test_a_command_that_is_shown_works_as_it_is_pasted(default: Path) -> None:
    state_dir = default.with_name("it's $HOME")
    line = command_line(Settings.from_environment(state_dir=state_dir), {})
    shown = line.replace(str(Path(sys.executable).with_name("ivr")), "env")
    done = subprocess.run(["bash", "-c", shown], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert f"KARIPASS_STATE_DIR={state_dir}" in done.stdout.splitlines(), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="sudo leads to root")
def test_who_started_it_by_sudo_calls_it_by_sudo(default: Path) -> None:
    line = command_line(Settings.from_environment(), {"SUDO_USER": "hanako"})
    assert line.startswith("sudo /")
    line = command_line(Settings.from_environment(state_dir=default.with_name("x")), {"SUDO_USER": "hanako"})
    assert line.startswith(f"sudo env KARIPASS_STATE_DIR={default.with_name('x')} /")


IN_TURN = """
import sys, time
from ivr.cli.serving.instance import start_turn
with start_turn():
    print("in", flush=True)
    sys.stdin.read()
    print("out", flush=True)
"""


def test_two_that_start_at_once_take_turns() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", IN_TURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"in\n"
        other.stdin.close()
        with start_turn():
            assert other.stdout.read() == b"out\n"
