"""The doctor with a real Asterisk and a real service, healthy and broken."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr.lab.free_ports import free_tcp_ports
from tests.live.house import House, ivr_command

WITHIN_THE_CAP = {"KARIPASS_CALL_S": "200"}  # the exchange of the tests ends calls after 360 s


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of these tests' own: they break things."""
    (console,) = free_tcp_ports(1)
    settings = {"KARIPASS_CONSOLE_PORT": str(console), **WITHIN_THE_CAP}
    with House(tmp_path_factory.mktemp("ill"), settings=settings) as house:
        subprocess.run([ivr_command(), "keys", "noted", "these tests"], env=house.environment, check=True, timeout=60)
        yield house


def examined(house: House, **environment: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit status, and what is wrong by check (the host's clock, disks and permissions are not ours)."""
    done = subprocess.run(
        [ivr_command(), "doctor", "--json"],
        env={**house.environment, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    wrong: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        if finding["level"] != "ok" and finding["check"] not in ("clock", "disk", "priority"):
            wrong.setdefault(finding["check"], []).append(finding)
    assert done.stderr == ""
    return done.returncode, wrong


def test_a_healthy_house_has_nothing_wrong(house: House) -> None:
    assert examined(house) == (0, {})


def test_a_wrong_manager_secret_is_found_and_nothing_is_guessed_from_it(house: House) -> None:
    status, wrong = examined(house, KARIPASS_AMI_SECRET="not-the-secret")
    assert status == 1
    assert set(wrong) == {"AMI", "Asterisk", "modules", "dialplan"}
    assert "KARIPASS_AMI_SECRET" in wrong["AMI"][0]["remedy"]


def test_a_module_that_was_unloaded_is_found(house: House) -> None:
    house.exchange.command("module unload app_playback.so")
    try:
        status, wrong = examined(house)
    finally:
        house.exchange.command("module load app_playback.so")
    assert status == 1
    assert [finding["text"] for finding in wrong["modules"]] == ["app_playback does not run"]


def test_a_service_of_another_number_is_found(house: House) -> None:
    status, wrong = examined(house, KARIPASS_ACCESS_NUMBER="0312340000")
    assert status == 1
    assert ["0312340000 leads nowhere" in finding["text"] for finding in wrong["dialplan"]] == [True]


def test_a_key_file_that_others_can_read_is_found(house: House) -> None:
    key = house.state / "key"
    key.chmod(0o644)
    try:
        status, wrong = examined(house)
    finally:
        key.chmod(0o600)
    assert (status, set(wrong)) == (1, {"key"})


def test_a_store_that_is_away_is_found(house: House) -> None:
    status, wrong = examined(house, KARIPASS_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert (status, set(wrong)) == (1, {"store"})


def test_an_asterisk_that_is_down_is_found(tmp_path: Path) -> None:
    bare = House(tmp_path, service=False)
    status, wrong = examined(bare, **WITHIN_THE_CAP)
    assert status == 1
    assert "is Asterisk up" in wrong["AMI"][0]["remedy"]
