"""The product's scenarios over real calls: the same files, and the same verdicts, as in the simulator."""

from __future__ import annotations

import pytest

from ivr.lab.scenarios import SHIPPED, ScenarioFile, Verdict, load_all
from ivr.lab.scenarios.live import run_live

FILES = load_all([SHIPPED])


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """All of them at once: one after the other the calls would take half an hour."""
    found: dict[str, Verdict] = {}
    run_live(FILES, lambda file, verdict, _: found.update({file.name: verdict}))
    return found


@pytest.mark.alone
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_real_call_goes_as_its_scenario_says(verdicts: dict[str, Verdict], file: ScenarioFile) -> None:
    assert str(verdicts[file.name]) == "as expected"
