"""The process of a load's callers."""

from __future__ import annotations

import os
import time
from typing import NoReturn

import pytest

from ivr.lab.load.crowd.loop import CrowdSettings
from ivr.lab.load.crowd.process import CrowdProcess

SETTINGS = CrowdSettings(calls=1, seconds=1.0, seed=1, lines=2, ramp_s=0.0)


class NoWay:
    """Ends the callers' process before it reads or says anything."""

    def open(self, places: int) -> NoReturn:
        os._exit(places)


def listen(callers: CrowdProcess) -> None:
    """Take reports for as long as the process may take to start."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        assert callers.reports() == []
        time.sleep(0.01)


@pytest.mark.parametrize("told", [False, True], ids=["by itself", "that was told to stop"])
def test_a_process_that_ends_without_a_last_report_is_known_to_have_ended(*, told: bool) -> None:
    with CrowdProcess(SETTINGS, NoWay()) as callers:
        if told:
            callers.stop()
        with pytest.raises(EOFError):
            listen(callers)
