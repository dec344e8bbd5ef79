"""The compose files: their form, and that they give containers no more than these need."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from credentials.secrets.keys import Key
from ivr.host.settings import Settings
from tests.repository import ROOT

COMPOSE = ROOT / "docker" / "compose"
FILES = sorted(path.name for path in COMPOSE.glob("*.yaml"))


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((COMPOSE / name).read_text(encoding="utf-8"))["services"]
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_specification_knows_every_key(name: str) -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    words = [str(program), "--builtin-schema", "vendor.compose-spec", str(COMPOSE / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FILES)
def test_every_container_is_fenced_in(name: str) -> None:
    for service, values in services(name).items():
        assert values["read_only"] is True, service
        assert values["cap_drop"] == ["ALL"], service
        assert "cap_add" not in values, service
        assert values["security_opt"] == ["no-new-privileges:true"], service
        assert values["network_mode"] == "host", service
        assert int(values["user"].partition(":")[0]) >= 10000, service
        assert not any("docker.sock" in str(volume) for volume in values.get("volumes", [])), service


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_an_environment(name: str) -> None:
    for service, values in services(name).items():
        environment = {**values.get("environment", {}), **dotenv_values(COMPOSE / "karipass.env")}
        for variable, value in environment.items():
            if any(part in variable for part in ("SECRET", "PASSWORD", "KEY", "DATABASE_URL")):
                assert str(value).startswith("/run/secrets/"), (service, variable)


def test_the_service_may_finish_its_calls_and_the_sender_its_mails() -> None:
    graces = {name: values.get("stop_grace_period") for name, values in services("one-host.yaml").items()}
    assert int(graces["serve"].removesuffix("s")) > Settings.model_fields["stop_s"].default
    assert graces["mail"] == "120s"


def test_secrets_are_made_once_each_for_its_container_alone(tmp_path: Path) -> None:
    words = [str(COMPOSE / "make-secrets"), str(tmp_path / "secrets"), "5433"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("NOT RUN: root is needed to give files away")
    assert done.returncode == 0, done.stderr
    files = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert {(name, path.stat().st_uid) for name, path in files.items()} == {
        ("key", 10001),
        ("settings", 10001),
        ("database-password", 10003),
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert Key.from_file(files["key"]).key_id
    values = dotenv_values(files["settings"])
    password = files["database-password"].read_text().strip()
    assert values["KARIPASS_DATABASE_URL"] == f"postgresql+psycopg://karipass:{password}@127.0.0.1:5433/karipass"
    before = {name: path.read_bytes() for name, path in files.items()}
    subprocess.run(words, check=True)
    assert {name: path.read_bytes() for name, path in files.items()} == before
