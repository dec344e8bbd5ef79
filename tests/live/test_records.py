"""What an operator finds of real calls: of one in which the service was killed, and of one that set a password."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

from tests.live.callers.media import Press
from tests.live.callers.subscribers import CONTRACT, from_trunk, typed
from tests.live.house import House, new_password


def test_a_call_is_on_record_although_the_service_was_killed_in_it(tmp_path: Path) -> None:
    with House(tmp_path) as house:
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
