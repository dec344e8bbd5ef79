"""Makes pages from templates. Every value is escaped, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment

from console.static import files
from ivr.call.dialogue.events import Outcome
from ivr.records import Fate
from texts.catalogue import Texts
from web.pages import template_environment

_TONES: Final = {
    Outcome.SET.value: "good",
    Outcome.REFUSED.value: "note",
    Outcome.ABANDONED.value: "note",
    Fate.IN_PROGRESS.value: "live",
    Outcome.FAILED.value: "bad",
    Outcome.ERROR.value: "bad",
    Fate.LOST.value: "bad",
}


def render(template: str, texts: Texts, **values: Any) -> str:
    """Return a page: a template with its values filled in.

    Args:
        template: the file name of the template.
        texts: the texts of the page's language.
        values: what the page shows.
    """
    return _environment().get_template(template).render(t=texts, **values)


def when(moment: datetime) -> str:
    """Return a moment as text in local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso_when(text: str) -> str:
    """Return a moment that a service reported in ISO 8601 as local time; another text as it is."""
    try:
        return when(datetime.fromisoformat(text))
    except ValueError:
        return text


def clock(moment: datetime) -> str:
    """Return the time of day, in local time."""
    return moment.astimezone().strftime("%H:%M:%S")


def length_of(seconds: float | None) -> str:
    """Return a length of time as text: `42 s`, `3:05`."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def percent(part: float, whole: float) -> str:
    """Return a share as text: `94 %`; a dash if the whole is 0."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def farthest(values: Sequence[float]) -> float:
    """Return the value that is farthest from 0."""
    return max(values, key=abs)


def tone(outcome: str) -> str:
    """Return the colour of an outcome: good, note, live or bad."""
    return _TONES.get(outcome, "note")


@cache
def _environment() -> Environment:
    environment = template_environment("console", files())
    environment.filters |= {
        "when": when,
        "iso_when": iso_when,
        "clock": clock,
        "length_of": length_of,
        "tone": tone,
        "farthest": farthest,
    }
    environment.globals["percent"] = percent
    return environment
