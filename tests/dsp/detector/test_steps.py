"""A key within which the gain steps is one key, whichever part of it is louder."""

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import decode, synthesize
from dsp.conformance.coders import CoderMissingError
from dsp.conformance.conditions import Condition
from dsp.conformance.corpus import record
from dsp.conformance.networks import NETWORKS
from tests import needs

KEYS = "159D0*#2"
LEAD_S, TONE_S, PAUSE_S = 0.1, 0.06, 0.06


def stepped(keys: str, share: float, step_db: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Return keys of 60 ms, each of which changes its level once, after this share of its length."""
    samples = synthesize(
        keys, tone_s=TONE_S, pause_s=PAUSE_S, lead_s=LEAD_S, level_dbm0=-12, rng=np.random.default_rng(seed)
    )
    gain = np.ones(samples.size)
    for number in range(len(keys)):
        begin = LEAD_S + number * (TONE_S + PAUSE_S)
        gain[round((begin + share * TONE_S) * 8000) : round((begin + TONE_S) * 8000)] = 10 ** (step_db / 20)
    return samples * gain


def sent_by(name: str) -> Condition:
    return next(condition for condition in NETWORKS if condition.name == name)


@pytest.mark.parametrize("share", [0.25, 0.4, 0.5, 0.6, 0.75])
@pytest.mark.parametrize("step_db", [-6, -3, 3, 6])
def test_a_key_whose_level_steps_is_heard_once(share: float, step_db: int) -> None:
    assert [decode(stepped(KEYS, share, step_db, seed=seed)) for seed in range(5)] == [KEYS] * 5


@pytest.mark.parametrize(("share", "step_db"), [(0.25, -6), (0.4, -6), (0.6, 6), (0.75, 6)])
def test_a_key_whose_level_steps_counts_each_time_that_it_is_pressed(share: float, step_db: int) -> None:
    assert [decode(stepped("55588", share, step_db, seed=seed)) for seed in range(5)] == ["55588"] * 5


def test_a_coder_may_shift_the_phase_where_the_level_steps() -> None:
    try:
        recording = record(sent_by("gsm + gsm 100/100"), seed=9001, keys=64)
    except CoderMissingError as error:
        needs.not_run(str(error))
    assert decode(recording.samples) == recording.expected


def test_what_is_too_short_and_goes_on_as_an_echo_is_no_key() -> None:
    """The echo comes at another phase, so the sound is not one tone all through."""
    burst = synthesize("5", tone_s=0.02, lead_s=0.1, level_dbm0=-12)
    heard = []
    for late in range(150, 170):
        echo = np.zeros(burst.size + late)
        echo[: burst.size] += burst
        echo[late:] += 0.5 * burst
        heard.append(decode(echo))
    assert heard.count("") >= 18
