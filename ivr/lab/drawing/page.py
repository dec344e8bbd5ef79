"""The timeline as a page: one file that needs nothing else, for a desk and for a telephone."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
from numpy.typing import NDArray

from dsp.tones import HIGH_HZ, LOW_HZ
from ivr.call.dialogue.events import Ending, Verdict
from ivr.call.transcript import Ended, EntryJudged, Interrupted, KeyHeard, KeyMissed, Said, TranscriptEntry, describe
from ivr.lab.drawing import look
from ivr.lab.drawing.model import DrawnCall
from ivr.lab.drawing.png import encode_png
from ivr.lab.drawing.sound import TOP_HZ, outline, spectrogram
from ivr.records.timeline import Guidance, Mark, Timeline, ticks

_TEMPLATE: Final = Path(__file__).with_name("page.html")
_PX_PER_S: Final = 44
_LEAST_PX: Final = 900
_FIGURES_PX: Final = 116
"""The figures of a key are this wide."""
_LETTER_PX: Final = 11
_LOW_HZ: Final = 500.0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where the rows of the drawing begin, from its top, in pixels."""

    said: int = 8
    keys: int = 60
    wave: int = 184
    wave_height: int = 76
    spectrum: int = 276
    spectrum_height: int = 240

    @property
    def ruler(self) -> int:
        return self.spectrum + self.spectrum_height

    @property
    def height(self) -> int:
        return self.ruler + 24


_ROWS: Final = _Rows()


def render_page(call: DrawnCall, ending: Ending, *, title: str, caller: str, language: str) -> str:
    """The page of a call.

    Args:
        call: what may be shown of it.
        ending: how it ended.
        title: its heading.
        caller: who called.
        language: of the guidance.

    Returns:
        HTML; whatever the arguments hold is text in it.
    """
    width = max(round(call.seconds * _PX_PER_S), _LEAST_PX)
    scale = width / call.seconds
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        title=title,
        caller=caller,
        language=language,
        outcome=ending.outcome.value,
        reason=ending.reason,
        look=look,
        seconds=call.seconds,
        width=width,
        rows=_ROWS,
        tones=[{"hertz": round(hertz), "y": _height_of(hertz)} for hertz in LOW_HZ + HIGH_HZ],
        bars=[_bar(number, guidance, scale) for number, guidance in enumerate(call.timeline.guidance, 1)],
        veils=[
            {"x": _px(span.start_s, scale), "width": _px(span.end_s - span.start_s, scale)} for span in call.silenced
        ],
        labels=[
            {"x": _px(label.start_s, scale), "text": label.text, "heard": label.heard}
            for label in look.labels(call.timeline, _LETTER_PX / scale)
        ],
        marks=_marks(call.timeline, scale),
        judged=_judged(call, scale),
        ruler=[{"x": _px(second, scale), "text": str(second)} for second in ticks(call.seconds, look.MOST_TICKS)],
        wave=_wave(call, width),
        spectrogram=base64.b64encode(_picture(call, width)).decode("ascii"),
        rows_of_transcript=[_row(at_s, entry) for at_s, entry in call.entries],
    )


def _px(seconds: float, scale: float) -> float:
    return round(seconds * scale, 1)


def _height_of(hertz: float) -> float:
    share = (hertz - _LOW_HZ) / (TOP_HZ - _LOW_HZ)
    return round(_ROWS.ruler - share * _ROWS.spectrum_height, 1)


def _bar(number: int, guidance: Guidance, scale: float) -> dict[str, Any]:
    end_s = guidance.latest_s if guidance.end_s is None else guidance.end_s
    return {
        "number": number,
        "text": guidance.text,
        "start_s": guidance.start_s,
        "x": _px(guidance.start_s, scale),
        "width": max(_px(end_s - guidance.start_s, scale) - 1, 1),
        "known": guidance.end_s is not None,
        "stopped": guidance.stop is not None,
        "cut": guidance.stop is not None and guidance.end_s is not None,
    }


def _marks(timeline: Timeline, scale: float) -> list[dict[str, Any]]:
    roomy = look.with_room(timeline, _FIGURES_PX / scale)
    return [_mark(mark, scale, has_room=mark in roomy) for mark in timeline.marks]


def _mark(mark: Mark, scale: float, *, has_room: bool) -> dict[str, Any]:
    return {
        "x": _px(mark.start_s, scale),
        "width": max(_px(mark.end_s - mark.start_s, scale), 2),
        "heard": mark.heard,
        "figures": look.figures(mark).splitlines(),
        "has_room": has_room,
    }


def _judged(call: DrawnCall, scale: float) -> list[dict[str, Any]]:
    return [
        {"x": _px(at_s, scale), "text": look.judged(entry), "accepted": entry.judged.verdict is Verdict.ACCEPTED}
        for at_s, entry in call.entries
        if isinstance(entry, EntryJudged) and at_s is not None
    ]


def _wave(call: DrawnCall, width: int) -> str:
    """The outline of the caller's audio, as an SVG path."""
    curve = outline(call.audio, width)
    peak = max(float(curve.high.max()), -float(curve.low.min()), 0.05)
    half = _ROWS.wave_height / 2
    middle = _ROWS.wave + half
    upper = [f"{x},{middle - half * high / peak - 0.3:.1f}" for x, high in enumerate(curve.high)]
    lower = [f"{x},{middle - half * low / peak + 0.3:.1f}" for x, low in reversed(list(enumerate(curve.low)))]
    return f"M{' '.join(upper + lower)}Z"


def _picture(call: DrawnCall, width: int) -> bytes:
    shown = spectrogram(call.audio, width)
    first = round(_LOW_HZ / TOP_HZ * (len(shown) - 1))
    return encode_png(np.rint(shown[first:][::-1] * 255).astype(np.uint8), _palette())


def _palette() -> list[tuple[int, int, int]]:
    stops: NDArray[np.float64] = np.array(
        [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in look.SCALE], np.float64
    )
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, range(len(stops)), stops[:, channel]) for channel in range(3)]
    return [(round(red), round(green), round(blue)) for red, green, blue in zip(*channels, strict=True)]


def _row(at_s: float | None, entry: TranscriptEntry) -> dict[str, str]:
    kind, name = _kind(entry)
    text = describe(entry).strip()
    return {
        "at": "" if at_s is None else f"{at_s:.2f}",
        "kind": kind,
        "name": name,
        "text": text.removeprefix(name).strip(),
    }


def _kind(entry: TranscriptEntry) -> tuple[str, str]:
    """How a row looks, and the word that it begins with."""
    match entry:
        case Said():
            return "said", "said"
        case Interrupted():
            return "interrupted", ""
        case KeyHeard():
            return "key", "key"
        case KeyMissed():
            return "missed", "near miss"
        case EntryJudged(judged):
            return judged.verdict.value, "entry"
        case Ended():
            return "ended", "end"
