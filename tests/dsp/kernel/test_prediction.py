"""The prediction of what follows a frame is that of a filter without input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, lfiltic

from dsp.kernel.prediction import predicted
from dsp.line.concealment import ORDER, burg


@pytest.mark.parametrize("samples", [0, 1, 80, 240])
def test_it_goes_on_as_scipys_filter_does(samples: int) -> None:
    chance = np.random.default_rng(11)
    for _ in range(50):
        frame = chance.normal(0, 3000, 160) + 8000 * np.sin(np.arange(160) * chance.uniform(0.4, 1.3))
        coefficients = burg(frame, ORDER)
        state = lfiltic([1.0], coefficients, frame[::-1][:ORDER])
        expected, _ = lfilter([1.0], coefficients, np.zeros(samples), zi=state)
        assert predicted(coefficients, frame, samples) == pytest.approx(expected, rel=1e-9, abs=1e-6)
