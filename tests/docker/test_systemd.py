"""The systemd units: systemd understands them, they give little away, and they fit the commands that they start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ivr.host.settings import Settings
from mail.settings import MailSettings
from tests import needs
from tests.repository import ROOT

UNITS = ROOT / "docker" / "systemd"
COMMANDS = {
    "karipass.service": "serve",
    "karipass-portal.service": "portal",
    "karipass-mail.service": "mail",
    "karipass-bounces.service": "bounces",
    "karipass-notice.service": "notice serve",
    "karipass-console.service": "console",
}
PROGRAM = "/opt/karipass/.venv/bin/ivr"
MOST_EXPOSED = "20"
"""Of 100, by systemd's own measure; a unit that says nothing has 96."""


def lines_of(name: str) -> list[str]:
    return (UNITS / name).read_text(encoding="utf-8").splitlines()


def test_there_is_a_unit_for_each_command_that_runs_until_it_is_stopped() -> None:
    assert {path.name for path in UNITS.glob("*.service")} == COMMANDS.keys()
    for name, command in COMMANDS.items():
        [start] = [line for line in lines_of(name) if line.startswith("ExecStart=")]
        assert start.startswith(f"ExecStart={PROGRAM} {command}")


@pytest.mark.parametrize("name", COMMANDS)
def test_all_have_the_same_user_settings_and_fences(name: str) -> None:
    for line in (
        "User=karipass",
        "StateDirectory=karipass",
        "StateDirectoryMode=0700",
        "Environment=KARIPASS_SETTINGS_FILE=/etc/karipass/settings",
        "Environment=KARIPASS_STATE_DIR=/var/lib/karipass",
        "Restart=always",
        "StartLimitIntervalSec=0",
        "LimitCORE=0",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
    ):
        assert line in lines_of(name), line


def test_a_sender_may_finish_what_a_mail_server_is_just_taking() -> None:
    [limit] = [line for line in lines_of("karipass-mail.service") if line.startswith("TimeoutStopSec=")]
    assert int(limit.partition("=")[2]) > MailSettings.model_fields["smtp_timeout_s"].default


def test_the_site_alone_may_listen_at_443() -> None:
    for name in COMMANDS:
        assert ("AmbientCapabilities=CAP_NET_BIND_SERVICE" in lines_of(name)) is (name == "karipass-portal.service")
    assert Settings.model_fields["portal_port"].default > 1024


@pytest.fixture
def understood(tmp_path: Path) -> Path:
    """Copy the units, with a program that there is on this machine."""
    needs.package("systemd")
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace(PROGRAM, sys.executable), encoding="utf-8")
    return tmp_path


def test_systemd_understands_every_line(understood: Path) -> None:
    units = sorted(map(str, understood.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_alone_lacks_two_fences_in_which_it_could_not_work() -> None:
    for fence in ("RestrictRealtime=yes", "MemoryDenyWriteExecute=yes"):
        assert {name for name in COMMANDS if fence not in lines_of(name)} == {"karipass.service"}


def test_the_compiled_receiver_is_kept_where_the_service_may_write() -> None:
    assert {"CacheDirectory=karipass", "Environment=NUMBA_CACHE_DIR=/var/cache/karipass"} <= set(
        lines_of("karipass.service")
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_what_strangers_reach_gives_little_away(understood: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(understood / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
