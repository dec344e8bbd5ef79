"""Compares what was observed of a call with what was expected. The same judge serves simulated and live calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from credentials.model import Unit
from ivr.call.dialogue.events import Outcome
from ivr.call.dialogue.events import Verdict as EntryVerdict
from ivr.lab.ear import Utterance, recognise
from ivr.lab.scenarios.model import Expectation, StepName
from prompts import Catalogue, load_catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed of a call.

    Attributes:
        outcome: how the call ended; None if nothing reported it.
        reason: the reason for the outcome.
        refused: the entries that were not accepted, in order: the step, and `wrong`, `silent` or `unsure`.
        said: the clips of guidance that the caller heard, in order; digits of numbers are left out.
        stored: targets and units of the temporary passwords that were stored since the call started.
        opening: the numbers whose expected password opens the settings site.
    """

    outcome: str | None
    reason: str | None
    refused: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    stored: tuple[tuple[str, Unit], ...]
    opening: frozenset[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be; it contains no secret."""

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's verdict on a call: how it differs from what was expected."""

    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences

    def __str__(self) -> str:
        return "; ".join(map(str, self.differences)) or "as expected"


def judge(expect: Expectation, observed: Observed) -> Verdict:
    """Compare what was observed with what was expected."""
    return Verdict(tuple(_differences(expect, observed)))


def cannot_run(error: Exception) -> Verdict:
    """Make the verdict on a scenario for which no call can be made."""
    return Verdict((Difference("scenario", "one that can run", str(error)),))


def clips_heard(heard: Sequence[Utterance], language: str) -> tuple[str, ...]:
    """Find the clips in what a caller heard, in order: those of the product's own guidance in a language."""
    catalogue = _catalogue(language)
    return tuple(clip_id for utterance in heard for _, clip_id in recognise(utterance.samples, catalogue))


@cache
def _catalogue(language: str) -> Catalogue:
    return load_catalogue(language)


def _differences(expect: Expectation, observed: Observed) -> Iterator[Difference]:
    if observed.outcome != expect.outcome:
        reason = "" if observed.reason is None else f" ({observed.reason})"
        yield Difference("outcome", expect.outcome.value, f"{observed.outcome or 'none'}{reason}")
    elif expect.reason not in (None, observed.reason):
        yield Difference("reason", str(expect.reason), str(observed.reason))
    counted = (
        (EntryVerdict.WRONG, expect.wrong),
        (EntryVerdict.SILENT, expect.silent),
        (EntryVerdict.UNSURE, expect.unsure),
    )
    for verdict, expected in counted:
        got = Counter(step for step, word in observed.refused if word == verdict.value)
        if got != expected:
            yield Difference(f"{verdict.value} entries", _counts(expected), _counts(got))
    wanted = () if expect.stored is None else ((expect.stored.target, expect.stored.unit),)
    if observed.stored != wanted and not (expect.stored is None and expect.outcome is Outcome.SET):
        yield Difference("stored", _targets(wanted), _targets(observed.stored))
    passwords = [*expect.still_opens, *(() if expect.stored is None else (expect.stored.target,))]
    for number in passwords:
        if number not in observed.opening:
            yield Difference(f"login of {number}", "the password opens it", "it does not")
    if not _in_order(expect.said, observed.said):
        yield Difference("said", " … ".join(expect.said), " ".join(observed.said) or "nothing that is known")
    for clip_id in expect.never_said:
        if clip_id in observed.said:
            yield Difference("said", f"no {clip_id}", " ".join(observed.said))


def _in_order(wanted: Sequence[str], said: Sequence[str]) -> bool:
    rest = iter(said)
    return all(clip_id in rest for clip_id in wanted)


def _counts(counts: Mapping[str, int] | Mapping[StepName, int]) -> str:
    return ", ".join(f"{step} {count}" for step, count in sorted(counts.items())) or "none"


def _targets(stored: Sequence[tuple[str, Unit]]) -> str:
    return ", ".join(f"{target} ({unit.value})" for target, unit in stored) or "nothing"
