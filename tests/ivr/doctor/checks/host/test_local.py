"""The doctor's findings about settings, secrets, guidance and clock."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from credentials.secrets.keys import KeyRing
from ivr.doctor import Check, Level, Site
from ivr.doctor.checks.exchange import asterisk
from ivr.doctor.checks.host import local, ports
from ivr.doctor.checks.store import database
from ivr.host.settings import Settings
from tests.ivr.doctor.examined import looked, site_of, worst, wrong
from tests.repository import ROOT


def test_a_misspelt_variable_is_named_with_what_was_meant(tmp_path: Path) -> None:
    site = Site(Settings.load(state_dir=tmp_path), {"KARIPASS_AMI_SECERT": "x", "PATH": "y", "KARIPASS_CALLS": "5"})
    (finding,) = wrong(looked([Check("settings", local.variables)], site))
    assert "KARIPASS_AMI_SECERT" in finding.text
    assert "KARIPASS_AMI_SECRET" in finding.remedy


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("KARIPASS_STATEDIR", "did you mean KARIPASS_STATE_DIR?"),
        ("KARIPASS_CALS", "did you mean KARIPASS_CALLS?"),
        ("KARIPASS_CONSOLE_THEME", "remove it: docs/operators.md lists all settings"),
        ("KARIPASS_VOLUME", "remove it: docs/operators.md lists all settings"),
    ],
)
def test_only_a_name_that_is_near_is_taken_for_what_was_meant(tmp_path: Path, name: str, remedy: str) -> None:
    (finding,) = wrong(
        looked([Check("settings", local.variables)], Site(Settings.load(state_dir=tmp_path), {name: "x"}))
    )
    assert finding.remedy == remedy


def test_every_variable_that_the_documentation_names_is_known(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    named: set[str] = set()
    for row in re.findall(r"^\| (`KARIPASS_[^|]*) \|", page, re.MULTILINE):
        first, *others = re.findall(r"`([A-Z_]+)`", row)
        named |= {first, *(first[: len("KARIPASS")] + other for other in others if other.startswith("_"))}
    assert {"KARIPASS_CONSOLE_NAMES", "KARIPASS_CONSOLE_HTTPS", "KARIPASS_RTP_PORTS"} < named
    site = Site(Settings.load(state_dir=tmp_path), dict.fromkeys(named, "x"))
    assert wrong(looked([Check("settings", local.variables)], site)) == []


def test_a_key_file_that_lets_others_in_is_an_error_and_its_key_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    ring = KeyRing.from_file(path)
    assert worst(looked([Check("key", local.key)], site_of(tmp_path))) is Level.OK
    path.chmod(0o644)
    (finding,) = wrong(looked([Check("key", local.key)], site_of(tmp_path)))
    assert finding.level is Level.ERROR
    assert "chmod 600" in finding.text
    assert ring.to_text().strip() not in repr(finding)


def test_looking_makes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    looked((*local.CHECKS, *database.CHECKS, *ports.CHECKS), Site(Settings.load(state_dir=state), {}))
    assert not state.exists()
    state.mkdir(mode=0o700)
    site = Site(Settings.load(state_dir=state, ami_port=1), {})
    looked((*local.CHECKS, *database.CHECKS, *ports.CHECKS, *asterisk.CHECKS), site)
    assert list(state.iterdir()) == []


def test_a_secret_that_others_may_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ami-secret"
    path.write_text("of-the-manager")
    path.chmod(0o640)
    (finding,) = wrong(looked([Check("secrets", local.secrets)], site_of(tmp_path)))
    assert f"chmod 600 {path}" in finding.remedy


def test_guidance_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (finding,) = wrong(looked([Check("guidance", local.guidance)], site_of(tmp_path, language="tlh")))
    assert finding.level is Level.ERROR
    assert "tlh" in finding.text


@pytest.mark.parametrize(
    ("state", "level"),
    [(True, Level.OK), (False, Level.WARNING), (None, Level.OK)],
    ids=["kept", "not kept", "unknown"],
)
def test_the_clock_is_well_unless_the_kernel_says_that_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: bool | None, level: Level
) -> None:
    monkeypatch.setattr(local, "_is_synchronised", lambda: state)
    assert worst(looked([Check("clock", local.clock)], site_of(tmp_path))) is level


def test_an_unsynchronised_clock_is_read_from_the_kernels_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def kernel(status: int) -> SimpleNamespace:
        def adjtimex(buffer: Any) -> int:
            ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value = status
            return 0

        return SimpleNamespace(adjtimex=adjtimex)

    for status, expected in ((0x0001, True), (0x0040, False)):
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, status=status, **__: kernel(status))
        assert local._is_synchronised() is expected
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(adjtimex=lambda _: -1))
    assert local._is_synchronised() is None
