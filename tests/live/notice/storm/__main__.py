"""Call notices under load, by hand.

python -m tests.live.notice.storm killed [CALLS]   all parts are killed at random: is a call lost, or told twice?
python -m tests.live.notice.storm late [CALLS]     how long after its ringing a mail is in the mail server's hands
python -m tests.live.notice.storm cost [CALLS]     what the journal costs the exchange
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.live.notice.storm.cost import measure_in_turn
from tests.live.notice.storm.runs import killed, left_alone


def print_killed(folder: Path, calls: int) -> bool:
    result = killed(folder, calls, random.Random())
    print(result)
    return result.holds


def print_late(folder: Path, calls: int) -> bool:
    result = left_alone(folder, calls)
    print(f"{result}\n{result.lateness}")
    return result.holds


def print_cost(folder: Path, calls: int) -> bool:
    for line in measure_in_turn(folder, calls):
        print(line, flush=True)
    return True


_MODES: dict[str, tuple[Callable[[Path, int], bool], int]] = {
    "killed": (print_killed, 2000),
    "late": (print_late, 1200),
    "cost": (print_cost, 1000),
}

if __name__ == "__main__":
    mode, default = _MODES[sys.argv[1]]
    with tempfile.TemporaryDirectory(prefix="storm-") as directory:
        holds = mode(Path(directory), int(sys.argv[2]) if len(sys.argv) > 2 else default)
    sys.exit(0 if holds else 1)
