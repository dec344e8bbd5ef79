"""Runs with callers: parts that are killed, or left alone."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

from tests.live.notice.storm.killer import Killer
from tests.live.notice.storm.reckoning import Reckoning, reckon
from tests.live.notice.storm.stage import numbers, stage, wait_until

A_SECOND: Final = 20


def killed(folder: Path, calls: int, chance: random.Random) -> Reckoning:
    """Kill all parts again and again while people call; return what came of the calls."""
    with stage(folder) as all_parts:
        killer = Killer(all_parts.parts, chance)
        with all_parts.crowd(called(calls), a_second=A_SECOND) as crowd:
            while crowd.calling:
                killer.strike()
            heard = crowd.heard()
        with all_parts.crowd(called(4), a_second=4) as crowd:  # at the first call after its start the exchange's
            wait_until(lambda: not crowd.calling, patience_s=60)  # last calls before its end are judged
        return reckon(all_parts, heard, killer.kills, patience_s=120)


def left_alone(folder: Path, calls: int) -> Reckoning:
    """Have people call; return what came of the calls."""
    with stage(folder) as all_parts:
        with all_parts.crowd(called(calls), a_second=A_SECOND) as crowd:
            while crowd.calling:
                time.sleep(0.2)
            heard = crowd.heard()
        return reckon(all_parts, heard, {}, patience_s=60)


def called(calls: int) -> list[str]:
    """The numbers that so many callers call."""
    return [numbers()[index % len(numbers())] for index in range(calls)]
