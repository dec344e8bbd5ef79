"""Scenarios: whole calls as files that a tester can read, run in the simulator and over a real exchange alike."""

from ivr.lab.scenarios.load import SHIPPED, ScenarioError, ScenarioFile, load_all, load_expectation, load_scenario
from ivr.lab.scenarios.model import Expectation, Scenario
from ivr.lab.scenarios.verdict import Difference, Observed, Verdict, judge

__all__ = [
    "SHIPPED",
    "Difference",
    "Expectation",
    "Observed",
    "Scenario",
    "ScenarioError",
    "ScenarioFile",
    "Verdict",
    "judge",
    "load_all",
    "load_expectation",
    "load_scenario",
]
