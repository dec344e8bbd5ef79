from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import analyse, synthesize
from dsp.plots.plot import plot


@pytest.mark.parametrize(
    "samples", [synthesize("15#8", offset_percent=2.0), np.zeros(10, np.int16), np.zeros(0, np.float32)]
)
def test_a_picture_is_drawn_of_any_recording(tmp_path: Path, samples: NDArray[Any]) -> None:
    path = tmp_path / "picture.png"
    plot(samples, analyse(samples, near_misses=True), path, title="録音 $x$")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5000
