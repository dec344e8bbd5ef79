"""`ivr up` as a person uses it: in terminals with nothing set, more than once, and stopped in every way."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ivr.host.running import running_settings
from tests.live.house import contents
from tests.live.terminals import START_S, bare, in_fresh_terminal, processes_of, up


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def test_asterisk_inherits_no_secret_of_ours_and_leaves_no_core(home: Path) -> None:
    with up(home, KARIPASS_AGI_SECRET="known-to-the-dialplan-alone") as it:
        it.wait_for("Ctrl-C stops all of it")
        mark = f"HOME={home}".encode()
        folders = [folder for folder in Path("/proc").glob("[0-9]*") if contents(folder / "comm") == b"asterisk\n"]
        [ours] = [folder for folder in folders if mark in contents(folder / "environ").split(b"\0")]
        assert b"KARIPASS_AGI_SECRET" not in contents(ours / "environ")
        [cores] = [line for line in contents(ours / "limits").splitlines() if b"core file size" in line]
        assert cores.split()[-3:-1] == [b"0", b"0"]
        it.press_ctrl_c()
        assert it.wait() == 0


def assert_nothing_is_left(home: Path, ports: dict[str, Any]) -> None:
    give_up = time.monotonic() + 15.0  # a worker that is left alone lets its store process end first
    while processes_of(home) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert processes_of(home) == []
    assert str(home) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    assert not list(home.rglob("running.json"))
    # Linux empties a dying process's environment before it closes the process's sockets, some milliseconds later.
    while (taken := taken_of(ports)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert taken == []


def taken_of(ports: dict[str, Any]) -> list[str]:
    """The names of those ports that cannot be bound."""
    taken = []
    for name, number in ports.items():
        if not name.endswith("_port"):
            continue
        kind = socket.SOCK_DGRAM if name == "sip_port" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if kind is socket.SOCK_STREAM else 0)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                taken.append(name)
    return taken


def test_two_that_start_at_once_are_each_called_from_a_fresh_terminal_and_leave_nothing(home: Path) -> None:
    with up(home, ignoring_sigint=True) as one, up(home) as other:
        one.wait_for("Ctrl-C stops all of it")
        other.wait_for("Ctrl-C stops all of it")
        commands = [each.printed_command("call") for each in (one, other)]
        assert len([command for command in commands if "KARIPASS_STATE_DIR=" in command]) == 1
        first, second = running_settings(one.state), running_settings(one.state.with_name("karipass-2"))
        assert not set(first.values()) & set(second.values())
        with ThreadPoolExecutor(2) as callers:
            # Withheld: the shortest of calls, and the access number has to say so.
            calls = list(callers.map(lambda command: in_fresh_terminal(home, command + " --withheld"), commands))
        for call in calls:
            assert "outcome   refused" in call.stdout, call.stdout + call.stderr
        for each in (one, other):
            listed = in_fresh_terminal(home, each.printed_command("calls").replace("--follow", ""))
            assert listed.stdout.count("withheld") == 1, listed.stdout + listed.stderr
        one.process.send_signal(signal.SIGINT)
        other.process.send_signal(signal.SIGTERM)
        assert [one.wait(), other.wait()] == [0, 0]
        assert "Traceback" not in one.shown + other.shown
    assert_nothing_is_left(home, {**first})
    assert_nothing_is_left(home, {**second})


def test_ctrl_c_in_a_call_says_what_is_waited_for_and_a_second_one_ends_all_at_once(home: Path) -> None:
    with up(home) as it:
        it.wait_for("Ctrl-C stops all of it")
        ports = running_settings(it.state)
        call = subprocess.Popen(
            ["bash", "-c", it.printed_command("call")], env=bare(home), cwd="/", stdout=subprocess.DEVNULL
        )
        it.wait_for("call_began")
        it.press_ctrl_c()
        it.wait_for("1 call is still going on: waiting for the end, at most 345 s. Press Ctrl-C again to end at once.")
        assert it.process.poll() is None
        asked = time.monotonic()
        it.press_ctrl_c()
        assert it.wait() == 1
        assert time.monotonic() - asked < 30.0  # a tenth of what the first one would have waited
        assert "Traceback" not in it.shown
        call.wait(30)
    assert_nothing_is_left(home, {**ports})


def test_one_that_is_killed_or_interrupted_while_asterisk_starts_leaves_nothing(home: Path) -> None:
    for number in (signal.SIGKILL, signal.SIGINT):
        with up(home) as it:
            give_up = time.monotonic() + START_S
            while not any(command.startswith("asterisk -f") for command in processes_of(home)):
                assert time.monotonic() < give_up
                time.sleep(0.02)
            time.sleep(0.6)  # in which Asterisk would lose a SIGTERM
            it.process.send_signal(number)
            it.wait()
            assert "Traceback" not in it.shown
        assert_nothing_is_left(home, {})


def test_what_a_killed_one_leaves_does_not_stand_in_the_way(home: Path) -> None:
    ports: list[dict[str, Any]] = []
    for _ in range(2):
        with up(home) as it:
            it.wait_for("Ctrl-C stops all of it")
            assert it.state.with_name("karipass-2").exists() is False
            ports.append({**running_settings(it.state)})
            it.process.kill()
            it.process.wait()
        left = it.state / "running.json"
        assert left.stat().st_mode & 0o777 == 0o600
        assert running_settings(it.state) == {}
        left.rename(left.with_name("left.json"))
        assert_nothing_is_left(home, ports[-1])
        left.with_name("left.json").rename(left)
    assert ports[0] == ports[1]
    shutil.rmtree(home)
