"""The product's scenarios over real calls: the same files, and the same verdicts, as in the simulator."""

from __future__ import annotations

import pytest

from ivr.scenarios import SHIPPED, ScenarioFile, Verdict, load_all
from ivr.scenarios.live import run_live

FILES = load_all([SHIPPED])


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """All of them at once: one after the other the calls would take half an hour."""
    found: dict[str, Verdict] = {}
    run_live(FILES, lambda file, verdict, _: found.update({file.name: verdict}))
    return found


UNSTEADY = pytest.mark.xfail(
    strict=False, reason="a key sent as tone and event at once is not always counted once: not understood yet"
)


@pytest.mark.alone
@pytest.mark.parametrize(
    "file",
    [pytest.param(file, marks=[UNSTEADY] if file.name == "events-and-tones" else [], id=file.name) for file in FILES],
)
def test_the_real_call_goes_as_its_scenario_says(verdicts: dict[str, Verdict], file: ScenarioFile) -> None:
    assert str(verdicts[file.name]) == "as expected"
