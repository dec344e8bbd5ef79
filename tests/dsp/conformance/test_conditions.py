"""Every condition of the conformance corpus, on two seeds that were not used to choose any threshold."""

import pytest

from dsp import decode
from dsp.conformance.conditions import CONDITIONS, Condition
from dsp.conformance.corpus import record


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: f"{condition.section}: {condition.name}")
@pytest.mark.parametrize("seed", [970, 971])
def test_all_keys_are_heard_once_and_nothing_else(condition: Condition, seed: int) -> None:
    recording = record(condition, seed=seed)
    assert decode(recording.samples) == recording.expected
