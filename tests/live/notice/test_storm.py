"""All that a call notice passes is killed while people call. By hand, with more calls: `tests.live.notice.storm`."""

from __future__ import annotations

import random
from pathlib import Path

from tests.live.notice.storm.runs import killed

CALLS = 160


def test_whatever_is_killed_each_call_that_was_carried_has_one_verdict_and_each_of_its_mails_is_taken(
    tmp_path: Path,
) -> None:
    result = killed(tmp_path, CALLS, random.Random(20260402))
    assert len(result.kills) >= 3
    assert result.carried > CALLS / 2
    assert result.holds, str(result)
