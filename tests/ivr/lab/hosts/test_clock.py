"""A host's clock that is wrong: programs see another hour at once, and pauses last as long as they should."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivr.lab.hosts.clock import HostClock

pytestmark = pytest.mark.needs("tcc")

SAYS = """
import datetime, sys, time
for _ in sys.stdin:
    began = time.monotonic()
    time.sleep(0.05)
    print(time.time(), datetime.datetime.now(datetime.timezone.utc).timestamp(), time.monotonic() - began, flush=True)
"""
DAY_S = 24 * 3600


def test_a_running_program_sees_the_hour_that_is_set_and_sleeps_as_long_as_it_means_to(tmp_path: Path) -> None:
    clock = HostClock(tmp_path)
    program = subprocess.Popen(
        [sys.executable, "-c", SAYS],
        env={**os.environ, **clock.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        for ahead_s in (0, DAY_S, -3600, 0):
            clock.set(ahead_s)
            program.stdin.write("\n")
            program.stdin.flush()
            seconds, moment, slept_s = map(float, program.stdout.readline().split())
            assert abs(seconds - time.time() - ahead_s) < 60
            assert abs(moment - time.time() - ahead_s) < 60
            assert slept_s >= 0.05
        program.stdin.close()
