"""Pages from templates. What comes out of records is escaped, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from console import static
from console.texts import Texts
from ivr.call.dialogue.events import Outcome
from ivr.records import Fate

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
    """Fill a template in.

    Args:
        template: its file's name.
        texts: what is said.
        values: what it shows.
    """
    return _environment().get_template(template).render(t=texts, **values)


def when(moment: datetime) -> str:
    """A moment in local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso_when(text: str) -> str:
    """A moment that a service told in ISO 8601, in local time; the text itself if it is none."""
    try:
        return when(datetime.fromisoformat(text))
    except ValueError:
        return text


def clock(moment: datetime) -> str:
    """The time of day, in local time."""
    return moment.astimezone().strftime("%H:%M:%S")


def length_of(seconds: float | None) -> str:
    """A length of time: `42 s`, `3:05`."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def percent(part: float, whole: float) -> str:
    """A share: `94 %`; a dash of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def farthest(values: Sequence[float]) -> float:
    """The value that is farthest from 0."""
    return max(values, key=abs)


def tone(outcome: str) -> str:
    """How an outcome is coloured."""
    return _TONES.get(outcome, "note")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static.address
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
