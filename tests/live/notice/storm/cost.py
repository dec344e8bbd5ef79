"""What the journal costs an exchange: the same calls, to phones that are busy, with and without it, in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ivr.host.usage import all_usages, descendants
from tests.live.notice.storm.runs import called
from tests.live.notice.storm.stage import Stage, kind_of, stage

_ROUNDS: Final = 4
_AT_ONCE: Final = 60


def measure_in_turn(folder: Path, calls: int) -> Iterator[str]:
    """Yield a line for each measurement: calls a second, and the exchange's processor time for one."""
    numbers = [number for number in called(4 * calls) if kind_of(number) == "busy"][:calls]
    for name in ("with", "without"):
        (folder / name).mkdir()
    with stage(folder / "with") as with_journal, stage(folder / "without", with_notices=False) as without:
        for turn in range(_ROUNDS):
            for name, one in (("with", with_journal), ("without", without)):
                used_s, took_s = _measure(one, numbers)
                per_call_ms = 1000 * used_s / calls
                yield f"{turn + 1}  {name:8} {calls / took_s:6.0f} calls/s  {per_call_ms:6.2f} ms of a processor a call"


def _measure(one: Stage, numbers: list[str]) -> tuple[float, float]:
    def used_s() -> float:
        usages = all_usages()
        return sum(usages[pid].processor_s for pid in descendants(usages, one.exchange.pid or 0))

    before, start = used_s(), time.monotonic()
    with one.crowd(numbers, a_second=1000, at_once=_AT_ONCE) as crowd:
        while crowd.calling:
            time.sleep(0.02)
        took_s = time.monotonic() - start
        assert set(crowd.heard().values()) == {"486"}
    return used_s() - before, took_s
