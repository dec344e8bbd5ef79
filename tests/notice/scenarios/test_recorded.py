"""The journals that a real Asterisk has written give the verdicts that the scenarios say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notice.calls.judging import Verdict
from notice.calls.open_calls import OpenCalls
from notice.journal.file import read_on
from notice.journal.lines import read_line
from notice.journal.place import Place
from notice.rules import decide
from notice.settings.model import Address, Settings
from tests.notice.scenarios.scenario import Scenario, all_scenarios
from tests.notice.subscribers import ANN

ALL_NOTICES = Settings(started=True, version="1", addresses=(Address(address=ANN),))


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_a_recorded_call_has_the_verdict_of_its_scenario(scenario: Scenario) -> None:
    calls = OpenCalls()
    found: list[Verdict] = []
    for piece in read_on(scenario.recorded, Place()):
        line = read_line(piece.raw)
        assert line is not None
        found += calls.take(line, piece.place)
    found += calls.pass_time(datetime.now(UTC))
    assert len(calls) == 0
    (verdict,) = [each for each in found if each.number == scenario.number]
    expected = scenario.expect
    assert verdict.result.value == expected.result
    assert verdict.ringing_s == expected.ringing_s
    assert verdict.caller.number == scenario.caller_number
    assert (verdict.caller.reason.value if verdict.caller.reason else "") == expected.reason
    assert decide(verdict, ALL_NOTICES).why.value == expected.why


def test_each_scenario_has_a_number_of_its_own() -> None:
    numbers = [scenario.number for scenario in all_scenarios()]
    assert len(numbers) == len(set(numbers)) >= 30
