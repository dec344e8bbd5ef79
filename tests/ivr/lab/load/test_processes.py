"""What each part of a load has used while it was watched."""

from __future__ import annotations

import os

from ivr.lab.load.processes import ProcessWatch


def test_a_part_that_was_watched_has_used_what_it_used_since_the_first_look() -> None:
    watch = ProcessWatch({"tests": os.getpid()})
    sum(number * number for number in range(3_000_000))
    watch.look()
    used = watch.used()
    assert {use.part for use in used} == {"tests"}
    assert used[0].cores > 0
    assert used[0].memory_mib > 1
