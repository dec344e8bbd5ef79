"""What runs before the containers: Asterisk's files are those of the settings and the operator's own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ivr.exchange.configuration import ExchangeConfig, ExchangeError
from ivr.host.settings import Settings
from settings.errors import SettingsError
from storage.errors import StoreUnavailable
from tests.docker.images.scripts import script

prepare = script("prepare")

ENVIRONMENT = {"KARIPASS_TRUNKS": "192.0.2.10 192.0.2.0/28", "KARIPASS_MORE_AGI": "192.0.2.12:4573"}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    directory = tmp_path / "own"
    directory.mkdir()
    return directory


def config_of(tmp_path: Path, own: Path, environment: dict[str, str] = ENVIRONMENT) -> ExchangeConfig:
    settings = Settings.from_environment(state_dir=tmp_path / "state", ami_secret="a-secret", agi_secret="b-secret")
    config: ExchangeConfig = prepare.exchange_config(settings, environment, own, tmp_path / "run")
    return config


def written(tmp_path: Path, own: Path) -> Path:
    prepare.write(config_of(tmp_path, own))
    return tmp_path / "run" / "etc"


def test_trunks_and_further_services_stand_in_asterisks_files(tmp_path: Path, own: Path) -> None:
    etc = written(tmp_path, own)
    pjsip = (etc / "pjsip.conf").read_text()
    assert "match = 192.0.2.10\n" in pjsip
    assert "match = 192.0.2.0/28\n" in pjsip
    assert "KARIPASS_AGI = 127.0.0.1:4573,192.0.2.12:4573\n" in (etc / "extensions.conf").read_text()


def test_files_of_the_operators_own_are_put_at_the_end(tmp_path: Path, own: Path) -> None:
    (own / "extensions.conf").write_text("[calls]\nexten => _X.,1,Hangup()\n")
    (own / "README.md").write_text("not for Asterisk")
    etc = written(tmp_path, own)
    assert (etc / "extensions.conf").read_text().endswith("\n[calls]\nexten => _X.,1,Hangup()\n")


def test_a_file_that_asterisk_would_not_read_is_named(tmp_path: Path, own: Path) -> None:
    (own / "pjsipp.conf").write_text("")
    with pytest.raises(ExchangeError, match=r"pjsipp\.conf"):
        written(tmp_path, own)


def test_what_is_logged_goes_to_standard_output_and_no_keys_are_in_it(tmp_path: Path, own: Path) -> None:
    lines = (written(tmp_path, own) / "logger.conf").read_text().splitlines()
    [console] = [line for line in lines if line.startswith("console")]
    assert console == "console => notice,warning,error"


def test_others_cannot_read_the_files_and_the_group_cannot_change_them(tmp_path: Path, own: Path) -> None:
    etc = written(tmp_path, own)
    assert (etc / "agi-secret").read_text() == "b-secret"
    for path in etc.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o027 == 0, path


def test_a_second_run_leaves_what_is_as_it_should_be_alone(tmp_path: Path, own: Path) -> None:
    etc = written(tmp_path, own)
    before = {path: path.stat().st_ino for path in etc.rglob("*.conf")}
    (own / "rtp.conf").write_text("; one more line\n")
    written(tmp_path, own)
    changed = {path.name for path, number in before.items() if path.stat().st_ino != number}
    assert changed == {"rtp.conf"}


def test_an_address_without_a_port_is_an_error_that_shows_the_form(tmp_path: Path, own: Path) -> None:
    with pytest.raises(SettingsError, match=r"KARIPASS_MORE_AGI=192\.0\.2\.12: write HOST:PORT"):
        config_of(tmp_path, own, {"KARIPASS_MORE_AGI": "192.0.2.12"})


def test_a_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(prepare.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(prepare.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))

    def opened() -> str:
        if now[0] < 10:
            raise StoreUnavailable("away")
        return "open"

    assert prepare.waited_for(opened) == "open"
    now[0] = -1000.0
    with pytest.raises(StoreUnavailable):
        prepare.waited_for(opened)
    assert now[0] < 0
