"""What the picture and the page have in common: colours, and words for what is on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ivr.call.transcript import HIDDEN, EntryJudged, KeyFigures
from ivr.records.timeline import Mark, Timeline

INK: Final = "#26323d"
FAINT: Final = "#7b8894"
RULE: Final = "#dde3e8"
PAPER: Final = "#ffffff"
GUIDANCE: Final = "#5b84a6"
GUIDANCE_FAINT: Final = "#dbe6ef"
KEY: Final = "#2f7a5f"
MISS: Final = "#b4533a"
VEIL: Final = "#eceff2"
VEIL_LINE: Final = "#c5ccd3"
WAVE: Final = "#8aa0b3"
TONE_LINE: Final = "#9fb3c4"
SCALE: Final = ("#ffffff", "#dfeaf3", "#a9c8e0", "#5f97c2", "#2a6399", "#123a63", "#071d38")
"""Of the spectrogram, from nothing to loud."""

MOST_TICKS: Final = 16
"""Of the line of time."""

WHY_HIDDEN: Final = "not shown: keys pressed here may be a password, and its tones would tell it"


@dataclass(frozen=True, slots=True)
class Label:
    """Keys as they stand on the line of time: one, or several that follow each other too closely to stand apart."""

    start_s: float
    text: str
    heard: bool


def labels(timeline: Timeline, room_s: float) -> list[Label]:
    """What is written for the marks, where the letter of a key takes up so many seconds."""
    found: list[Label] = []
    last_s = 0.0
    for mark in sorted(timeline.marks, key=lambda mark: mark.start_s):
        key = mark.entry.body["value"] or HIDDEN
        if found and found[-1].heard == mark.heard and mark.start_s - last_s < room_s:
            found[-1] = replace(found[-1], text=found[-1].text + key)
        else:
            found.append(Label(mark.start_s, key, mark.heard))
        last_s = mark.start_s
    return found


def figures(mark: Mark) -> str:
    """What is known of a key or near miss, in a few short lines."""
    body = mark.entry.body
    lines = [] if mark.heard else [f"near miss: {body['failed']}"]
    if body["figures"] is not None:
        known = KeyFigures(**body["figures"])
        lines.append(f"{known.duration_ms or 0:.0f} ms  {known.level_dbm0:.0f} dBm0")
        lines.append(f"twist {known.twist_db:+.1f} dB")
        lines.append(f"SNR {known.snr_db:.0f} dB  {known.offset_percent:+.1f} %")
    else:
        lines.append("RFC 4733")
    return "\n".join(lines)


def judged(entry: EntryJudged) -> str:
    """What became of an entry, in a word or two."""
    judged = entry.judged
    attempt = f" ({judged.attempt})" if judged.attempt else ""
    return f"{judged.step}: {judged.verdict.value}{attempt}"


def with_room(timeline: Timeline, room_s: float) -> list[Mark]:
    """The marks whose figures, so wide, can be written without covering others': near misses first."""
    chosen: list[Mark] = []
    for mark in sorted(timeline.marks, key=lambda mark: (mark.heard, mark.start_s)):
        if all(abs(mark.start_s - other.start_s) >= room_s for other in chosen):
            chosen.append(mark)
    return chosen
