"""Scenario files: a scenario, or an error that names the file and shows nothing that looks like a password."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from ivr.lab.scenarios.load import ScenarioError, load_expectation, load_scenario
from tests.fuzz.inputs import stretched

SLOWEST_S = 2.0
"""A thousand nested braces take PyYAML half a second before it gives up, and no file more. Testers write the files."""
_MOST = 2000
_PASSWORD = re.compile(r"(?<![0-9])[0-9]{8}(?![0-9])")


def one_input(data: bytes) -> None:
    path = Path(f"/dev/shm/karipass-fuzz-{os.getpid()}x.yaml")  # noqa: S108 - replaced by each input
    path.write_bytes(stretched(data[1:], _MOST))
    try:
        if data[:1] == b"e":
            load_expectation(path)
            return
        scenario = load_scenario(path)
    except ScenarioError as error:
        for line in str(error).split(f"{path}: ")[1:]:
            assert line
            assert not _PASSWORD.search(line)
        assert str(error).startswith(f"{path}: ")
        return
    limits = scenario.dialogue_limits
    times = (limits.first_key_s, limits.between_keys_s, limits.step_s, limits.call_s)
    keying = scenario.keying
    assert all(map(math.isfinite, (*times, keying.tone_ms, keying.pause_ms, keying.level_dbm0, keying.twist_db)))
    assert all(math.isfinite(step.wait) and math.isfinite(step.barge_in or 0) for step in scenario.steps)
    assert scenario.identities
