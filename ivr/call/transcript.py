"""The transcript: what happened in a call, entry by entry, for testers and logs, never with a secret.

The entries are values. `describe` makes a line of each for people, `as_json` a record for machines. A key that may be a
password digit has no value and no time here, only its quality.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol, TypeVar

from dsp import Key, NearMiss
from ivr.call.dialogue.events import Ending, Judged, Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """Guidance started.

    Attributes:
        text: what it says.
        seconds: how long it takes if nobody stops it.
    """

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A key stopped the guidance."""


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """A key reached us.

    Attributes:
        source: `in-band` or `rfc4733`.
        counted: False if the same press had already counted from the other source.
        value: the key; None if it may be a password digit.
        figures: the receiver's figures; None for an RFC 4733 key, and if they would reveal too much.
    """

    source: str
    counted: bool
    value: str | None
    figures: KeyFigures | None


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """How well a key was heard.

    Attributes:
        begin_s: when its tones started; None if the key is hidden (the other figures are `pooled` then).
        duration_ms: how long they lasted; None if the key is hidden.
        level_dbm0: the level of the weaker tone.
        twist_db: the level of the high tone minus that of the low tone.
        snr_db: the level of the tones against everything else that was heard.
        low_offset_percent, high_offset_percent: how far each tone is off its nominal frequency.
    """

    begin_s: float | None
    duration_ms: float | None
    level_dbm0: float
    twist_db: float
    snr_db: float
    low_offset_percent: float
    high_offset_percent: float

    @property
    def offset_percent(self) -> float:
        """The offset of the tone that is farther off."""
        return max(self.low_offset_percent, self.high_offset_percent, key=abs)


@dataclass(frozen=True, slots=True)
class KeyMissed:
    """A near miss: a burst that was looked at and not counted as a key.

    Attributes:
        value: the key that it resembled; None if it may be a password digit.
        failed: the receiver's test that it failed.
        figures: the receiver's figures; None if they would reveal too much.
    """

    value: str | None
    failed: str
    figures: KeyFigures | None


@dataclass(frozen=True, slots=True)
class EntryJudged:
    """An entry was judged."""

    judged: Judged


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over."""

    ending: Ending


TranscriptEntry = Said | Interrupted | KeyHeard | KeyMissed | EntryJudged | Ended


class Observer(Protocol):
    """Called with every entry, and with the seconds since the start of the call (None if they must not be known).

    A key comes when it has ended, with the time at which it was pressed.
    """

    def __call__(self, at_s: float | None, entry: TranscriptEntry, /) -> None:
        """Take an entry."""


LEAST_POOLED: Final = 8
"""The fewest keys whose figures are pooled, a password's number: those of fewer keys would reveal single ones."""
LEVEL_STEP_DB: Final = 5
TWIST_STEP_DB: Final = 3
SNR_STEP_DB: Final = 5
OFFSET_STEP_PERCENT: Final = 1
"""A phone's tones are each off by some tenths of a percent, row by row and column by column: finer steps would reveal
which rows and columns were pressed."""


def pooled(of: Iterable[KeyFigures | None]) -> KeyFigures | None:
    """Pool the figures of hidden keys into those that may be shown: the worst of all, in coarse steps (docs/rules.md
    5.2).

    They are enough to recognise a bad line or phone, and too little to recognise a key.

    Args:
        of: the figures of each key, or None for a key without figures.

    Returns:
        The pooled figures; None for fewer than `LEAST_POOLED` keys with figures.
    """
    bursts = [figures_ for figures_ in of if figures_ is not None]
    if len(bursts) < LEAST_POOLED:
        return None
    offset = OFFSET_STEP_PERCENT * math.ceil(max(abs(burst.offset_percent) for burst in bursts) / OFFSET_STEP_PERCENT)
    return KeyFigures(
        begin_s=None,
        duration_ms=None,
        level_dbm0=_in_steps(min(burst.level_dbm0 for burst in bursts), LEVEL_STEP_DB),
        twist_db=_in_steps(max((burst.twist_db for burst in bursts), key=abs), TWIST_STEP_DB),
        snr_db=_in_steps(min(burst.snr_db for burst in bursts), SNR_STEP_DB),
        low_offset_percent=float(offset),
        high_offset_percent=float(offset),
    )


def _in_steps(value: float, step: int) -> float:
    return float(step * round(value / step))


E = TypeVar("E")

_AT_ONE_MOMENT: Final = {"key": 0, "interrupted": 1}
_LAST: Final = 2


def in_order(entries: Iterable[tuple[float | None, E]], *, kind: Callable[[E], str]) -> list[tuple[float | None, E]]:
    """Sort entries by their times, for people: some are noted later than they happened (`ivr.call.key_notes`).

    A key stands before what it caused at the same moment: the guidance that it stopped, the entry that it completed. An
    entry without a time stays before the next one that was noted with a time.

    Args:
        entries: each with its time, in the order in which they were noted.
        kind: gives the kind of an entry, as `kind_of` names it.
    """
    noted = list(entries)
    places: list[tuple[float, int]] = []
    next_s = math.inf
    for at_s, entry in reversed(noted):
        next_s = next_s if at_s is None else at_s
        places.append((next_s, _LAST if at_s is None else _AT_ONE_MOMENT.get(kind(entry), _LAST)))
    places.reverse()
    return [noted[place] for place in sorted(range(len(noted)), key=places.__getitem__)]


def fan_out(*observers: Observer) -> Observer:
    """Make one observer that calls several, in order."""

    def tell(at_s: float | None, entry: TranscriptEntry, /) -> None:
        for observer in observers:
            observer(at_s, entry)

    return tell


def figures(key: Key | NearMiss) -> KeyFigures:
    """Round the figures of a key or near miss for the transcript."""
    return KeyFigures(
        begin_s=round(key.begin_s, 4),
        duration_ms=round(1000 * (key.end_s - key.begin_s), 1),
        level_dbm0=_rounded(min(key.low_dbm0, key.high_dbm0), 1),
        twist_db=_rounded(key.twist_db, 1),
        snr_db=_rounded(key.snr_db, 1),
        low_offset_percent=_rounded(key.low_offset_percent, 2),
        high_offset_percent=_rounded(key.high_offset_percent, 2),
    )


def _rounded(value: float, places: int) -> float:
    return round(value, places) + 0.0  # not -0.0


def kind_of(entry: TranscriptEntry) -> str:
    """Name the kind of an entry in a word."""
    return _NAMES[type(entry)]


def as_json(at_s: float | None, entry: TranscriptEntry) -> dict[str, Any]:
    """Turn an entry into plain values, for JSON."""
    record: dict[str, Any] = {"at_s": None if at_s is None else round(at_s, 3), "entry": kind_of(entry)}
    match entry:
        case EntryJudged(judged):
            record |= asdict(judged) | {"verdict": judged.verdict.value}
        case Ended(ending):
            record |= {"outcome": ending.outcome.value, "reason": ending.reason}
        case _:
            record |= asdict(entry)
    return record


def describe(entry: TranscriptEntry) -> str:
    """Write an entry as a line for people."""
    match entry:
        case Said(text):
            return f"said      {text}"
        case Interrupted():
            return "          (stopped by a key)"
        case KeyHeard(source, counted, value, figures_):
            again = "" if counted else "  (the same press, not counted again)"
            return f"key    {_shown(value)}  {source}{_figures(figures_)}{again}"
        case KeyMissed(value, failed, figures_):
            return f"near miss {_shown(value)}  failed: {failed}{_figures(figures_)}"
        case EntryJudged(judged):
            return f"entry     {judged.step}: {judged.shown or 'nothing'} {_became(judged)}"
        case Ended(ending):
            return f"end       {ending.outcome.value} ({ending.reason})"


def _became(judged: Judged) -> str:
    match judged.verdict:
        case Verdict.ACCEPTED:
            return "accepted"
        case Verdict.UNSURE:
            return "does not fit, but a key may be lost: asked again"
        case verdict:
            return f"{verdict.value} (no. {judged.attempt})"


def _shown(value: str | None) -> str:
    return HIDDEN if value is None else value


def _figures(figures_: KeyFigures | None) -> str:
    if figures_ is None:
        return ""
    if figures_.duration_ms is None:
        return (
            f"  all of them at worst about {figures_.level_dbm0:+.0f} dBm0  twist {figures_.twist_db:+.0f} dB"
            f"  SNR {figures_.snr_db:.0f} dB  off {figures_.offset_percent:.0f} % or less"
        )
    return (
        f"  {figures_.duration_ms:.0f} ms  {figures_.level_dbm0:+.1f} dBm0  twist {figures_.twist_db:+.1f} dB"
        f"  SNR {figures_.snr_db:.0f} dB  off {figures_.offset_percent:+.1f} %"
    )


HIDDEN: Final = "•"
"""A key that may be a password digit (not `*`, which is a key)."""

_NAMES: dict[type[TranscriptEntry], str] = {
    Said: "said",
    Interrupted: "interrupted",
    KeyHeard: "key",
    KeyMissed: "missed",
    EntryJudged: "judged",
    Ended: "ended",
}
