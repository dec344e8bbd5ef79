"""The fonts of our pictures, tested in a separate process, because another test may have drawn before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import matplotlib
before = list(matplotlib.rcParams["font.family"])
from dsp.plots.fonts import style
families = style()["font.family"]
from matplotlib.font_manager import FontProperties, findfont
print(findfont(FontProperties(family=families[1], weight="bold"), fallback_to_default=False))
print(before == list(matplotlib.rcParams["font.family"]))
"""


def test_japanese_is_written_in_the_font_that_comes_with_it_and_other_plots_keep_theirs() -> None:
    drawn = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    font, same = drawn.stdout.splitlines()
    assert font.endswith("/matplotlib_fontja/fonts/ipaexg.ttf")
    assert same == "True"
    assert drawn.stderr == ""  # matplotlib warns of a weight that it does not find
