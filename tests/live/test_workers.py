"""Workers under real calls: replaced while callers talk, and killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from credentials.model import LoginVerdict
from ivr.host.usage import all_usages, descendants
from tests.live.callers.media import Press
from tests.live.callers.phone import Caller, EndedBy
from tests.live.hearing.capture import RtpCapture
from tests.live.hearing.guidance import heard_clips
from tests.live.house import House, new_password


def caller(number: str) -> Caller:
    return Caller(number=number, asserted=f"sip:{number}@carrier.example")


def presses(password: str) -> Sequence[Press]:
    return [Press(keys="1", after_s=3.0), Press(keys=password, after_s=1.0), Press(keys=password, after_s=1.0)]


def workers(house: House) -> set[int]:
    usages = all_usages()
    return {pid for pid in descendants(usages, house.service_pid or 0) if usages[pid].name == "karipass-worker"}


def test_while_workers_are_replaced_no_call_is_lost(tmp_path: Path) -> None:
    """Calls begin before, while and after two workers give way to two others."""
    numbers = [f"04512399{n:02d}" for n in range(12)]
    passwords = {number: new_password() for number in numbers}
    with House(tmp_path, settings={"KARIPASS_WORKERS": "2"}) as house:
        house.import_lines("contract_number,number\n" + "".join(f"{number},\n" for number in numbers))
        before = workers(house)

        def call(number: str) -> bool:
            time.sleep(0.4 * numbers.index(number))
            return house.trunk.call(caller(number), presses(passwords[number]), hang_up_after_s=14.0).completed

        with ThreadPoolExecutor(len(numbers)) as callers:
            calls = callers.map(call, numbers)
            house.wait_for_log(b"call_began")
            house.signal_service(signal.SIGHUP)
            house.wait_for_log(b"workers_replaced")
            assert all(calls)
        opened = [number for number in numbers if house.check(number, passwords[number]) is LoginVerdict.ACCEPTED]
        assert opened == numbers, house.complaints()
        after = workers(house)
        assert len(before) == len(after) == 2
        assert not before & after
        assert house.complaints() == ""
        assert house.stop_service() == 0


def test_a_worker_that_is_killed_leaves_its_caller_with_an_apology_and_the_next_one_gets_through(
    tmp_path: Path, capture: RtpCapture
) -> None:
    unlucky, next_one = new_password(), new_password()
    with House(tmp_path, settings={"KARIPASS_WORKERS": "1"}) as house:
        call = house.trunk.start(caller("0312345678"), presses(unlucky), hang_up_after_s=None)
        house.wait_for_log(b"call_began")
        time.sleep(2.0)
        [worker] = workers(house)
        os.kill(worker, signal.SIGKILL)
        later = house.trunk.start(caller("0661234567"), presses(next_one), hang_up_after_s=25.0)
        result = call.wait()
        assert result.ended_by is EndedBy.EXCHANGE
        assert heard_clips(capture.heard(house.trunk.host, call.media_port), house.guidance)[-1] == "unavailable"
        assert later.wait().completed
        assert house.check("0661234567", next_one) is LoginVerdict.ACCEPTED
        assert house.check("0312345678", unlucky) is not LoginVerdict.ACCEPTED
        house.wait_for_log(b'"worker_died"')
