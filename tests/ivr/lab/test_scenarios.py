"""The scenarios that come with the product, in the simulator; and the judge of all scenarios."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from credentials.lines.numbers import normalise_number
from credentials.model import Unit
from ivr.call.guidance import Guidance
from ivr.call.transcript import KeyHeard, TranscriptEntry, describe
from ivr.exchange.standalone import SAMPLE_LINES as SAMPLE_LINES_FILE
from ivr.lab.line_quality import LineQuality
from ivr.lab.scenarios import SHIPPED, Expectation, Observed, ScenarioFile, judge, load_all
from ivr.lab.scenarios.model import SAMPLE_LINES, LineSetup
from ivr.lab.scenarios.simulated import Simulation, temporary_store

FILES = load_all([SHIPPED])
TARGET = "0312345678"


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with temporary_store() as store:
        yield Simulation(store, Guidance.load("ja"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_call_goes_as_its_scenario_says(simulation: Simulation, file: ScenarioFile) -> None:
    assert str(judge(file.scenario.expect, simulation.run(file.scenario))) == "as expected"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lines": (LineSetup(contract=TARGET), LineSetup(contract=TARGET))}, f"{TARGET} is a number of line"),
        ({"expect": Expectation.model_validate({"outcome": "refused"}).model_copy(update={"language": "xx"})}, "xx"),
    ],
    ids=["lines that cannot exist", "guidance that there is not"],
)
def test_a_scenario_that_no_call_can_be_made_for_fails_alone(
    simulation: Simulation, change: dict[str, object], told: str
) -> None:
    verdict = simulation.verdict(FILES[0].scenario.model_copy(update=change))
    assert "scenario: expected one that can run" in str(verdict)
    assert told in str(verdict)


def test_a_coder_that_is_not_on_this_machine_is_named_with_its_package(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    line = LineQuality.model_validate({"coder": "g729"})
    verdict = simulation.verdict(FILES[0].scenario.model_copy(update={"line": line}))
    assert "apt-get install libbcg729-0" in str(verdict)


def test_no_two_scenarios_share_a_number_so_that_all_can_run_at_once() -> None:
    numbers = Counter(number for file in FILES for number in file.scenario.identities)
    assert [number for number, count in numbers.items() if count > 1] == []


def test_a_scenario_can_run_again_in_the_same_store(simulation: Simulation) -> None:
    file = next(file for file in FILES if file.name == "new-password-replaces-the-earlier-one")
    for _ in range(2):
        assert judge(file.scenario.expect, simulation.run(file.scenario)).passed


@pytest.mark.parametrize(
    ("name", "in_band"),
    [
        ("events", 0),
        ("events-and-tones", 0),  # the exchange withholds a tone while its event goes on
        ("events-behind-tones", 17),
        ("events-ahead-of-tones", 17),
        ("events-with-leaking-tones", 17),
    ],
)
def test_keys_that_come_twice_are_heard_twice_and_counted_once(simulation: Simulation, name: str, in_band: int) -> None:
    file = next(file for file in FILES if file.name == name)
    entries: list[TranscriptEntry] = []
    simulation.run(file.scenario, lambda _, entry, entries=entries: entries.append(entry))
    keys = [entry for entry in entries if isinstance(entry, KeyHeard)]
    assert Counter(key.source for key in keys) == Counter({"rfc4733": 17, "in-band": in_band})
    assert sum(key.counted for key in keys) == 17


def test_what_is_observed_of_a_call_has_no_digit_of_its_password(simulation: Simulation) -> None:
    file = next(file for file in FILES if file.name == "confirmation-differs-three-times")
    entries: list[TranscriptEntry] = []
    observed = simulation.run(file.scenario, lambda _, entry: entries.append(entry))
    told = repr(observed) + repr(file.scenario) + "".join(describe(entry) for entry in entries)
    passwords = [step.keys for step in file.scenario.steps if step.keys is not None and len(step.keys) == 8]
    assert len(passwords) == 4
    assert [password for password in passwords if password in told] == []


def test_the_default_lines_are_the_sample_lines() -> None:
    with Path(SAMPLE_LINES_FILE).open(encoding="utf-8", newline="") as file:
        rows = [(normalise_number(row["contract_number"]), row["number"]) for row in csv.DictReader(file)]
    listed = {
        contract: {contract, *(normalise_number(n) for c, n in rows if c == contract and n)} for contract, _ in rows
    }
    assert {line.contract: set(line.numbers) for line in SAMPLE_LINES} == listed


EXPECT = Expectation.model_validate(
    {
        "outcome": "set",
        "stored": {"target": TARGET, "unit": "LINE", "password": "83517246"},
        "still_opens": {"0312345679": "11223344"},
        "wrong": {"password": 1},
        "said": ["unit.ask", "done.set"],
        "never_said": ["number.ask"],
    }
)
OBSERVED = Observed(
    outcome="set",
    reason="set",
    refused=(("password", "wrong"),),
    said=("unit.ask", "password.ask", "wrong.again", "done.set"),
    stored=((TARGET, Unit.LINE),),
    opening=frozenset([TARGET, "0312345679"]),
)


def test_what_is_as_expected_passes() -> None:
    assert judge(EXPECT, OBSERVED).passed


@pytest.mark.parametrize(
    ("observed", "told"),
    [
        (replace(OBSERVED, outcome="failed", reason="silence"), "outcome: expected set, got failed (silence)"),
        (replace(OBSERVED, outcome=None, reason=None), "outcome: expected set, got none"),
        (replace(OBSERVED, refused=()), "wrong entries: expected password 1, got none"),
        (
            replace(OBSERVED, refused=(*OBSERVED.refused, ("unit", "silent"))),
            "silent entries: expected none, got unit 1",
        ),
        (
            replace(OBSERVED, stored=((TARGET, Unit.NUMBER),)),
            f"stored: expected {TARGET} (LINE), got {TARGET} (NUMBER)",
        ),
        (replace(OBSERVED, stored=()), f"stored: expected {TARGET} (LINE), got nothing"),
        (replace(OBSERVED, opening=frozenset([TARGET])), "login of 0312345679"),
        (replace(OBSERVED, opening=frozenset(["0312345679"])), f"login of {TARGET}"),
        (replace(OBSERVED, said=("done.set", "unit.ask")), "said: expected unit.ask … done.set"),
        (replace(OBSERVED, said=("unit.ask", "number.ask", "done.set")), "said: expected no number.ask"),
    ],
)
def test_a_difference_is_told_with_what_was_expected_and_what_came(observed: Observed, told: str) -> None:
    verdict = judge(EXPECT, observed)
    assert not verdict.passed
    assert told in str(verdict)
    assert "83517246" not in str(verdict)


def test_a_wrong_reason_is_a_difference() -> None:
    refused = Expectation.model_validate({"outcome": "refused", "reason": "locked"})
    nothing = replace(OBSERVED, outcome="refused", reason="throttled", refused=(), stored=(), said=())
    assert str(judge(refused, nothing)) == "reason: expected locked, got throttled"


def test_a_call_that_may_set_nothing_and_does_is_a_difference() -> None:
    refused = Expectation.model_validate({"outcome": "abandoned"})
    stored = replace(OBSERVED, outcome="abandoned", reason="hung_up", refused=())
    assert str(judge(refused, stored)) == f"stored: expected nothing, got {TARGET} (LINE)"
