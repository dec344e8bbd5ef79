"""Why a key was not heard, before it is put in words (docs/rules.md 5.2)."""

from __future__ import annotations

import pytest

from dsp.events import FailedTest
from ivr.records.explain import Explanation, explain

FIGURES = {
    "begin_s": 1.0,
    "duration_ms": 24.2,
    "level_dbm0": -44.0,
    "twist_db": -12.04,
    "snr_db": 8.0,
    "low_offset_percent": 3.0,
    "high_offset_percent": -2.5,
}
LIMITS = {"least_ms": "40", "floor": "-41", "accepted": "1.8", "least_db": "-8", "most_db": "+5"}


def test_a_key_whose_figures_may_be_told_is_explained_with_them_and_with_what_is_accepted() -> None:
    own = {"ms": "24", "level": "-44", "low": "+3.0", "high": "-2.5", "twist": "-12.0", "snr": "8"}
    assert explain({"failed": "twist", "figures": FIGURES}) == Explanation("twist", LIMITS | own)


@pytest.mark.parametrize("figures", [None, FIGURES | {"begin_s": None, "duration_ms": None}], ids=["none", "pooled"])
@pytest.mark.parametrize("failed", list(FailedTest))
def test_a_hidden_key_is_explained_by_what_is_accepted_alone(
    failed: FailedTest, figures: dict[str, object] | None
) -> None:
    explanation = explain({"failed": failed.value, "figures": figures})
    assert explanation.sentence.removesuffix("_hidden") == failed.value
    assert explanation.gaps == LIMITS
