"""A complaint, acted out on a real call, and what an operator finds of it; and what a killed service leaves."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.callers.bad_keys import bad_keys
from tests.live.callers.media import Press
from tests.live.callers.subscribers import CONTRACT, from_trunk, typed
from tests.live.house import House, new_password


@pytest.fixture(scope="module")
def impatient_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose service does not wait long for a key."""
    with House(tmp_path_factory.mktemp("house"), settings={"KARIPASS_FIRST_KEY_S": "1"}) as house:
        yield house


def test_a_caller_whose_keys_were_not_heard_is_found_and_told_why(impatient_house: House, tmp_path: Path) -> None:
    house = impatient_house
    house.ivr("call", "--from", CONTRACT, "--wav", str(bad_keys(tmp_path / "bad.wav")))
    listed = house.ivr("calls", "--number", CONTRACT, "--outcome", "failed", "--since", "1h", check=True).stdout
    found = re.search(rf"^([0-9a-f]{{12}}) .* {CONTRACT} .* failed \(silence\)", listed, re.MULTILINE)
    assert found, listed
    told = house.ivr("call", "show", found[1], check=True).stdout
    assert re.search(r"miss 1 +unequal tones: twist -1[12]\.\d dB; -8 to \+5 dB is accepted", told)
    assert re.search(r"miss 1 +too short: 2\d ms; at least 40 ms are asked for", told)
    assert re.search(r"miss 1 +off frequency: low tone \+3\.0 %, high tone \+3\.0 %; up to 1\.8 % is accepted", told)
    assert re.search(r"entry +unit: nothing silent \(no. 3\)", told)
    report = house.ivr("report", "--since", "1h", check=True).stdout
    assert re.search(r"Where callers fail.*\n +unit +1", report)


def test_a_call_is_on_record_although_the_service_was_killed_in_it(impatient_house: House) -> None:
    house = impatient_house
    password = new_password()
    call = house.trunk.start(from_trunk(CONTRACT), typed("1", password, pause_s=0.6), hang_up_after_s=20)
    try:
        give_up = time.monotonic() + 20
        while "LINE" not in house.ivr("calls", "--outcome", "in_progress", check=True).stdout:
            assert time.monotonic() < give_up, "the call in progress is not on record"
        house.stop_service(signal.SIGKILL)
    finally:
        call.close()
    listed = house.ivr("calls", "--outcome", "lost", check=True).stdout
    found = re.search(rf"^([0-9a-f]{{12}}) .* {CONTRACT} .* LINE +lost \(service_ended\)", listed, re.MULTILINE)
    assert found, listed
    assert "unit: 1 accepted" in house.ivr("call", "show", found[1], check=True).stdout
    house.start_service()
    assert house.places_with([password]) == []


def test_a_record_on_a_real_call_shows_no_key_of_the_password(house: House) -> None:
    password = new_password()
    house.trunk.call(from_trunk(CONTRACT), [Press(keys=f"1{password}{password}", after_s=0.6)], hang_up_after_s=6)
    listed = house.ivr("calls", "--number", CONTRACT, "--outcome", "set", check=True).stdout.splitlines()
    told = house.ivr("call", "show", listed[-1][:12], check=True).stdout
    assert re.search(r"key • +in-band  all of them at worst about .*\(and 15 more\)", told)
    assert re.search(r"key 1 +in-band", told)
    assert house.places_with([password]) == []
