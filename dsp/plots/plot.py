"""Draws a picture of a recording: its spectrogram, the eight tones, and what the receiver made of it."""

from __future__ import annotations

from os import PathLike
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from dsp.events import Key, NearMiss
from dsp.plots import fonts
from dsp.tones import FULL_SCALE_DBM0, HIGH_HZ, LOW_HZ, key_tones
from sound.samples import to_float32
from sound.telephone import SAMPLE_RATE_HZ

WINDOW: Final = 256
STEP: Final = 40
FLOOR_DBM0: Final = -60.0
TOP_HZ: Final = 2000.0
INCHES_PER_S: Final = 4.0
WIDTH_IN: Final = (9.0, 48.0)
HEIGHT_IN: Final = 6.8
KEY_COLOUR: Final = "#ffffff"
MISS_COLOUR: Final = "#ff7b6b"
TONE_COLOUR: Final = "#9fd8ff"


def plot(
    samples: NDArray[np.floating | np.int16],
    bursts: list[Key | NearMiss],
    path: str | PathLike[str],
    *,
    title: str = "",
    profile_name: str = "ntt",
) -> None:
    """Draw a recording at 8 kHz.

    Args:
        samples: mono, int16 or float with full scale 1.0.
        bursts: what `analyse` returned, with or without near misses.
        path: the picture; its suffix names the format.
        title: the title above the picture.
        profile_name: the profile's name, shown beside the title.

    Raises:
        OSError: the picture cannot be written.
    """
    scaled = to_float32(samples)
    seconds = max(len(scaled) / SAMPLE_RATE_HZ, 0.1)
    width = min(max(seconds * INCHES_PER_S, WIDTH_IN[0]), WIDTH_IN[1])
    with mpl.rc_context({**fonts.style(), "font.size": 9, "axes.titlesize": 11, "axes.titleweight": "bold"}):
        figure = Figure(figsize=(width, HEIGHT_IN), dpi=110, layout="constrained")
        marks, spectrum = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 2.6))
        _draw_spectrum(spectrum, figure, np.asarray(scaled, np.float64))
        _draw_bursts(spectrum, marks, bursts)
        spectrum.set_xlim(0, seconds)
        heard = "".join(burst.key for burst in bursts if isinstance(burst, Key))
        marks.set_title(
            pad=6, label=f"{title}   keys: {heard or 'none'}   (profile {profile_name})".strip(), loc="left"
        )
        figure.savefig(path)


def _draw_spectrum(axes: Axes, figure: Figure, samples: NDArray[np.float64]) -> None:
    padded = np.pad(samples, (0, max(WINDOW - samples.size, 0)))
    transform = ShortTimeFFT(hann(WINDOW, sym=False), STEP, SAMPLE_RATE_HZ, mfft=1024, scale_to="magnitude")
    magnitude = np.abs(transform.stft(padded))
    level = 20 * np.log10(np.maximum(2 * magnitude, 1e-6)) + FULL_SCALE_DBM0
    kept = transform.f <= TOP_HZ
    begin, end, _, _ = transform.extent(padded.size)
    image = axes.imshow(
        level[kept],
        extent=(begin, end, 0, float(transform.f[kept][-1])),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=FLOOR_DBM0,
        vmax=0,
        interpolation="bilinear",
    )
    figure.colorbar(image, ax=axes, label="dBm0 of a steady tone", pad=0.01, fraction=0.03)
    for hertz in LOW_HZ + HIGH_HZ:
        axes.axhline(hertz, color=TONE_COLOUR, linewidth=0.5, alpha=0.55, linestyle=(0, (6, 4)))
    axes.set_yticks([0, *LOW_HZ, *HIGH_HZ, TOP_HZ])
    axes.set_yticklabels(["0", *(f"{hertz:.0f}" for hertz in LOW_HZ + HIGH_HZ), f"{TOP_HZ:.0f}"])
    axes.set_ylabel("Hz")
    axes.set_xlabel("s")


def _draw_bursts(spectrum: Axes, marks: Axes, bursts: list[Key | NearMiss]) -> None:
    marks.set_ylim(0, 1)
    marks.set_yticks([])
    for side in ("top", "left", "right"):
        marks.spines[side].set_visible(False)
    for burst in bursts:
        heard = isinstance(burst, Key)
        colour = KEY_COLOUR if heard else MISS_COLOUR
        for hertz in key_tones(burst.key):
            spectrum.plot([burst.begin_s, burst.end_s], [hertz, hertz], color=colour, linewidth=2.2, alpha=0.9)
        for edge in (burst.begin_s, burst.end_s):
            spectrum.axvline(edge, color=colour, linewidth=0.5, alpha=0.5)
        face = "#2b6e3f" if heard else "#a33327"
        marks.axvspan(burst.begin_s, burst.end_s, ymin=0.0, ymax=0.07, color=face)
        middle = (burst.begin_s + burst.end_s) / 2
        marks.text(middle, 0.1, burst.key, ha="center", va="bottom", fontsize=13, fontweight="bold", color=face)
        marks.text(
            middle,
            0.31,
            _figures(burst),
            ha="center",
            va="bottom",
            fontsize=6.5,
            rotation=90 if burst.duration_s < 0.45 else 0,
            color="#333333" if heard else face,
        )


def _figures(burst: Key | NearMiss) -> str:
    lines = [
        f"{1000 * burst.duration_s:.0f} ms  {burst.level_dbm0:.1f} dBm0",
        f"twist {burst.twist_db:+.1f} dB  SNR {burst.snr_db:.0f}",
        f"{burst.low_offset_percent:+.2f} % {burst.high_offset_percent:+.2f} %",
    ]
    if isinstance(burst, NearMiss):
        lines.insert(0, f"near miss: {burst.failed_test.value}")
    return "\n".join(lines)
