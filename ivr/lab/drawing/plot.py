"""The timeline as a picture, by matplotlib (the extra `plot`)."""

from __future__ import annotations

from os import PathLike
from textwrap import wrap
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from dsp.plots import fonts
from dsp.tones import HIGH_HZ, LOW_HZ
from ivr.call.dialogue.events import Verdict
from ivr.call.transcript import EntryJudged
from ivr.lab.drawing import look
from ivr.lab.drawing.model import DrawnCall
from ivr.lab.drawing.sound import TOP_HZ, outline, spectrogram
from ivr.records.timeline import Guidance, Timeline, ticks

_INCHES_PER_S: Final = 0.22
_WIDTH_IN: Final = (13.0, 48.0)
_LEFT_IN: Final = 0.75
_RIGHT_IN: Final = 0.3
_HEIGHT_IN: Final = 8.2
_FIGURES_IN: Final = 1.12
"""The figures of a key are this wide."""
_EDGE_IN: Final = 0.04
_NUMBER_IN: Final = 0.25
"""A bar shorter than this has no room for its number."""
_LETTER_IN: Final = 0.14
_LINE_IN: Final = 0.24
_DPI: Final = 120
_COLUMNS_PER_IN: Final = 120


def plot(call: DrawnCall, path: str | PathLike[str], *, title: str) -> None:
    """Draw a call.

    Args:
        call: what may be drawn of it.
        path: the picture; its suffix names the format.
        title: above it.

    Raises:
        OSError: the picture cannot be written.
        ValueError: there is no such format.
    """
    width = min(max(call.seconds * _INCHES_PER_S, _WIDTH_IN[0]), _WIDTH_IN[1])
    legend = [
        line
        for number, guidance in enumerate(call.timeline.guidance, 1)
        for line in _legend_lines(number, guidance, width)
    ]
    height = _HEIGHT_IN + _LINE_IN * len(legend)
    inches_per_s = (width - _LEFT_IN - _RIGHT_IN) / call.seconds
    style: dict[Any, Any] = {
        **fonts.style(),
        "font.size": 9,
        "text.color": look.INK,
        "axes.edgecolor": look.RULE,
        "axes.labelcolor": look.FAINT,
        "xtick.color": look.FAINT,
        "ytick.color": look.FAINT,
        "hatch.color": look.VEIL_LINE,
        "hatch.linewidth": 0.6,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=look.PAPER)
        bottom = (_LINE_IN * len(legend) + 0.85) / height
        said, keys, wave, spectrum = figure.subplots(
            4,
            1,
            sharex=True,
            height_ratios=(0.55, 1.9, 1.1, 3.2),
            gridspec_kw={
                "left": _LEFT_IN / width,
                "right": 1 - _RIGHT_IN / width,
                "bottom": bottom,
                "top": 1 - 0.75 / height,
                "hspace": 0.08,
            },
        )
        figure.text(_LEFT_IN / width, 1 - 0.3 / height, title, fontsize=13, fontweight="bold", va="center")
        _draw_said(said, call.timeline, inches_per_s)
        _draw_keys(keys, call, inches_per_s)
        _draw_wave(wave, call, round(width * _COLUMNS_PER_IN))
        _draw_spectrum(spectrum, call, round(width * _COLUMNS_PER_IN))
        for axes in (keys, wave, spectrum):
            _veil(axes, call)
        for axes in (said, keys, wave):
            axes.tick_params(axis="x", length=0, labelbottom=False)
        spectrum.set_xlim(0, call.seconds)
        spectrum.set_xticks(ticks(call.seconds, look.MOST_TICKS))
        spectrum.set_xlabel("seconds")
        if call.silenced:
            patch = Patch(facecolor=look.VEIL, hatch="////", edgecolor=look.VEIL_LINE, label=look.WHY_HIDDEN)
            figure.legend(
                handles=[patch],
                loc="upper right",
                bbox_to_anchor=(1 - 0.25 / width, 1 - 0.12 / height),
                frameon=False,
                fontsize=8.5,
            )
        for number, line in enumerate(legend):
            y = (_LINE_IN * (len(legend) - number - 1) + 0.2) / height
            figure.text(_LEFT_IN / width, y, line, fontsize=9, va="center")
        figure.savefig(path)


def _legend_lines(number: int, guidance: Guidance, width_in: float) -> list[str]:
    """What a guidance said."""
    wide = not guidance.text.isascii()
    lines = wrap(guidance.text, max(20, int(width_in * (7 if wide else 13))), break_on_hyphens=False) or [""]
    return [f"{number:>2}   {lines[0]}", *(f"       {line}" for line in lines[1:])]


def _bare(axes: Axes, name: str) -> None:
    axes.set_yticks([])
    axes.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def _draw_said(axes: Axes, timeline: Timeline, inches_per_s: float) -> None:
    _bare(axes, "said")
    axes.set_ylim(0, 1)
    for number, guidance in enumerate(timeline.guidance, 1):
        start_s, end_s = guidance.start_s, guidance.end_s
        length = max((guidance.latest_s if end_s is None else end_s) - start_s, 0.05)
        face = look.GUIDANCE_FAINT if end_s is None else look.GUIDANCE
        axes.add_patch(Rectangle((start_s, 0.2), length, 0.6, facecolor=face, edgecolor="none"))
        edge = min(_EDGE_IN / inches_per_s, length)
        axes.add_patch(Rectangle((start_s, 0.2), edge, 0.6, facecolor=look.GUIDANCE, edgecolor="none"))
        if length * inches_per_s > _NUMBER_IN:
            axes.text(
                start_s + 0.1 / inches_per_s,
                0.48,
                str(number),
                color=look.GUIDANCE if end_s is None else look.PAPER,
                fontsize=9,
                fontweight="bold",
                va="center",
            )
        if guidance.stop is not None and end_s is not None:
            axes.plot([end_s] * 2, [0.08, 0.92], color=look.INK, linewidth=1.4)


def _draw_keys(axes: Axes, call: DrawnCall, inches_per_s: float) -> None:
    _bare(axes, "keys")
    axes.set_ylim(0, 1)
    for mark in call.timeline.marks:
        colour = look.KEY if mark.heard else look.MISS
        axes.plot(
            [mark.start_s, max(mark.end_s, mark.start_s + 0.05)],
            [0.06, 0.06],
            color=colour,
            linewidth=4,
            solid_capstyle="butt",
        )
    for label in look.labels(call.timeline, _LETTER_IN / inches_per_s):
        colour = look.KEY if label.heard else look.MISS
        axes.text(label.start_s, 0.14, label.text, fontsize=12, fontweight="bold", color=colour)
    for mark in look.with_room(call.timeline, _FIGURES_IN / inches_per_s):
        colour = look.KEY if mark.heard else look.MISS
        axes.text(mark.start_s, 0.34, look.figures(mark), fontsize=7, color=colour, va="bottom", linespacing=1.3)
    for at_s, entry in call.entries:
        if isinstance(entry, EntryJudged) and at_s is not None:
            accepted = entry.judged.verdict is Verdict.ACCEPTED
            text = look.judged(entry)
            axes.plot([at_s] * 2, [0.0, 0.86], color=look.RULE, linewidth=0.8, zorder=0)
            axes.text(at_s, 0.88, text, fontsize=7.5, color=look.FAINT if accepted else look.MISS, fontstyle="italic")


def _draw_wave(axes: Axes, call: DrawnCall, columns: int) -> None:
    _bare(axes, "caller")
    curve = outline(call.audio, columns)
    times = [call.seconds * (column + 0.5) / columns for column in range(columns)]
    axes.fill_between(times, curve.low, curve.high, color=look.WAVE, linewidth=0, zorder=0.5)
    axes.axhline(0, color=look.WAVE, linewidth=0.5, zorder=0.5)
    peak = max(float(curve.high.max()), -float(curve.low.min()), 0.05)
    axes.set_ylim(-1.1 * peak, 1.1 * peak)


def _draw_spectrum(axes: Axes, call: DrawnCall, columns: int) -> None:
    axes.imshow(
        spectrogram(call.audio, columns),
        extent=(0, call.seconds, 0, TOP_HZ),
        origin="lower",
        aspect="auto",
        cmap=LinearSegmentedColormap.from_list("ink", look.SCALE),
        vmin=0,
        vmax=1,
        interpolation="bilinear",
    )
    for hertz in LOW_HZ + HIGH_HZ:
        axes.axhline(hertz, color=look.TONE_LINE, linewidth=0.6, alpha=0.8, linestyle=(0, (2, 4)), zorder=0.5)
    axes.set_yticks(LOW_HZ + HIGH_HZ, [f"{hertz:.0f}" for hertz in LOW_HZ + HIGH_HZ], fontsize=8)
    axes.set_ylabel("Hz", rotation=0, ha="right", labelpad=8)
    axes.set_ylim(500, TOP_HZ)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _veil(axes: Axes, call: DrawnCall) -> None:
    low, high = axes.get_ylim()
    for span in call.silenced:
        axes.add_patch(
            Rectangle(
                (span.start_s, low),
                span.end_s - span.start_s,
                high - low,
                facecolor=look.VEIL,
                edgecolor=look.VEIL_LINE,
                hatch="////",
                linewidth=0,
                zorder=1,
            )
        )
