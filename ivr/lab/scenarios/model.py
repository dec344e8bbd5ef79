"""A scenario: who calls, which keys are pressed and when, over which line, and what the result must be.

These are the words of the scenario files. The docstrings here are the reference of each field.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from credentials.lines.numbers import normalise_number
from credentials.model import Unit
from dsp import KEYS
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import REASONS, Outcome, RefusalReason
from ivr.lab.line_quality import Described, LineQuality
from prompts import languages
from prompts.purposes import PURPOSES


def _on_the_keypad(text: str) -> str:
    strange = sorted(set(text) - set(KEYS))
    if strange:
        raise ValueError(f"there is no key {''.join(strange)} on a telephone, only {KEYS}")
    return text


def _limit_name(text: str) -> str:
    names = [field.name for field in fields(Limits)]
    if text not in names:
        raise ValueError(f"there is no limit {text!r}, only {', '.join(names)}")
    return text


def _language(text: str) -> str:
    if text not in languages():
        raise ValueError(f"there is no guidance in that language, only {', '.join(languages())}")
    return text


def _clip(text: str) -> str:
    if text not in PURPOSES:
        raise ValueError(f"there is no such clip, only {', '.join(PURPOSES)}")
    return text


TelephoneNumber = Annotated[str, AfterValidator(normalise_number)]
Keys = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_on_the_keypad)]
EightDigits = Annotated[str, StringConstraints(pattern="^[0-9]{8}$")]
Seconds = Annotated[float, Field(ge=0, le=600)]
LimitName = Annotated[str, AfterValidator(_limit_name)]
Language = Annotated[str, AfterValidator(_language)]
ClipId = Annotated[str, AfterValidator(_clip)]
StepName = Literal["unit", "number", "password", "confirm"]
DEFAULT_LANGUAGE: Final = "ja"
"""The language of callers whose line names no other, whatever this machine's: a scenario runs alike everywhere."""
NO_NUMBER: Final = tuple(
    reason.value for reason in (RefusalReason.WITHHELD, RefusalReason.PAYPHONE, RefusalReason.UNKNOWN)
)


def _caller(text: str) -> str:
    return text if text in NO_NUMBER else normalise_number(text)


LEAKED_MS: Final = 40.0
LEAST_EVENT_MS: Final = 20.0


class Source(StrEnum):
    """How a telephone sends its keys."""

    IN_BAND = "in-band"
    """As tones."""
    RFC4733 = "rfc4733"
    """As events, with no audio while they last."""
    BOTH = "both"
    """As tones and, at the same time, as events."""
    LEAK = "leak"
    """As events, by a gateway that lets the first 40 ms of the tone pass before it has recognised it."""


class Copy(Described):
    """The telephone's own key sound, which its microphone picks up: later than the key, and weaker."""

    late_ms: Annotated[float, Field(ge=0, le=1000)]
    level_db: Annotated[float, Field(ge=-60, le=0)]


class Keying(Described):
    """How keys are pressed, and how the telephone sends them.

    Attributes:
        source: as tones, events or both.
        tone_ms: how long a key is held.
        pause_ms: the time from a key's end to the next key.
        level_dbm0: the mean level of the two tones.
        twist_db: the level of the high tone minus that of the low one.
        offset_percent: how far both tones are off their nominal frequencies.
        event_lag_ms: for keys sent both ways, how much later than its tone an event starts and ends. A gateway has to
            recognise a tone first; if it holds the audio up for longer than the events, this is negative.
        head_ms: for keys sent as events, how much of the tone passes before the event starts; 40 for a leak.
        tail_ms: for keys sent as events, how much of the tone's end passes; the event ends `after_ms` before that
            starts.
        after_ms: for keys sent as events, the silence between the event and the tail.
        copy_heard: for keys sent as events, the copy that the microphone picks up, if audio is sent.
    """

    source: Source = Source.IN_BAND
    tone_ms: Annotated[float, Field(ge=5, le=20000)] = 100.0
    pause_ms: Annotated[float, Field(ge=5, le=20000)] = 100.0
    level_dbm0: Annotated[float, Field(ge=-60, le=0)] = -10.0
    twist_db: Annotated[float, Field(ge=-20, le=20)] = 0.0
    offset_percent: Annotated[float, Field(ge=-10, le=10)] = 0.0
    event_lag_ms: Annotated[float, Field(ge=-200, le=200)] = 0.0
    head_ms: Annotated[float, Field(ge=0, le=1000)] | None = None
    tail_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0
    after_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0
    copy_heard: Copy | None = None

    @property
    def passes_ms(self) -> float:
        """How much of the tone passes before its event starts."""
        if self.head_ms is not None:
            return self.head_ms
        return LEAKED_MS if self.source is Source.LEAK else 0.0

    @model_validator(mode="after")
    def _only_events_have_heads_and_tails(self) -> Keying:
        around = self.head_ms or self.tail_ms or self.after_ms or self.copy_heard
        if around and self.source in (Source.IN_BAND, Source.BOTH):
            raise ValueError("head_ms, tail_ms, after_ms and copy_heard go with source: rfc4733 or leak")
        if self.source in (Source.RFC4733, Source.LEAK):
            left = self.tone_ms - self.passes_ms - self.after_ms - self.tail_ms
            if left < LEAST_EVENT_MS and (around or self.source is Source.LEAK):
                raise ValueError(f"{left:g} ms of tone_ms are left for the event: it takes {LEAST_EVENT_MS:g}")
        return self

    @model_validator(mode="after")
    def _only_both_ways_can_differ_in_time(self) -> Keying:
        if self.event_lag_ms and self.source is not Source.BOTH:
            raise ValueError("event_lag_ms is for keys that are sent both ways: set source: both, or leave it out")
        if abs(self.event_lag_ms) >= self.tone_ms + self.pause_ms:
            raise ValueError("event_lag_ms reaches into the next key: make it less than tone_ms and pause_ms together")
        return self


class Step(Described):
    """One thing that the caller does: presses keys, or hangs up.

    It is done after guidance that the caller hears to its end, or (`barge_in`) this many seconds after the guidance
    started, or (`ahead`) right after the keys pressed before. `wait` adds seconds to each.

    Attributes:
        keys: the keys that are pressed.
        hang_up: whether the caller hangs up instead.
        listen: how many pieces of guidance are heard since the last step; with `barge_in` only the start of the last
            one.
        barge_in: how many seconds of that one are heard.
        ahead: whether the caller does not listen at all.
        wait: how many seconds more the caller waits.
        keying: how keys are pressed in this step, in place of the scenario's.
    """

    keys: Keys | None = Field(default=None, repr=False)
    hang_up: bool = False
    listen: Annotated[int, Field(ge=1, le=20)] = 1
    barge_in: Seconds | None = None
    ahead: bool = False
    wait: Seconds = 0.0
    keying: Keying | None = None

    @model_validator(mode="after")
    def _is_one_thing_at_one_time(self) -> Step:
        if (self.keys is None) != self.hang_up:
            raise ValueError("a step has either keys or hang_up: true")
        if self.ahead and (self.barge_in is not None or self.listen > 1):
            raise ValueError("a step that is done ahead listens to nothing: leave out barge_in and listen")
        return self


class TemporaryPassword(Described):
    """A temporary password.

    Attributes:
        target: the number that it is for.
        unit: the unit that it covers.
        password: the digits that open the settings site.
    """

    target: TelephoneNumber
    unit: Unit
    password: EightDigits = Field(repr=False)


class LineSetup(Described):
    """A line that exists when the call comes.

    Attributes:
        contract: its contract number.
        additional: its additional numbers.
        language: its preferred language.
        locked: whether the operator has locked it out.
        unit: the unit that was chosen for it at the settings site; by default none was yet.
        earlier: temporary passwords that earlier calls have set.
        failed_calls: how many calls from its contract number have failed within the hour.
    """

    contract: TelephoneNumber
    additional: tuple[TelephoneNumber, ...] = ()
    language: Language = DEFAULT_LANGUAGE
    locked: bool = False
    unit: Unit | None = None
    earlier: tuple[TemporaryPassword, ...] = ()
    failed_calls: Annotated[int, Field(ge=0, le=1000)] = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        """All its numbers."""
        return (self.contract, *self.additional)


class Expectation(Described):
    """What the result of the call must be.

    Attributes:
        outcome: how the call ends.
        reason: the reason for the outcome; may be left out.
        stored: the temporary password that the call sets; if the outcome is not set, nothing may be stored.
        still_opens: passwords of earlier calls, by number, that must still open the settings site.
        wrong: how many entries are wrong, by step; none in a step that is not named.
        silent: how often the caller is silent, by step.
        unsure: how often an entry is not called wrong because a key may have been lost, by step.
        said: clips of guidance that must be heard, in this order; others may be heard between them.
        never_said: clips that must not be heard.
        language: the language of the guidance that is heard.
    """

    outcome: Outcome
    reason: str | None = None
    stored: TemporaryPassword | None = None
    still_opens: dict[TelephoneNumber, EightDigits] = Field(default_factory=dict, repr=False)
    wrong: dict[StepName, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    silent: dict[StepName, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    unsure: dict[StepName, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    said: tuple[ClipId, ...] = ()
    never_said: tuple[ClipId, ...] = ()
    language: Language = DEFAULT_LANGUAGE

    @model_validator(mode="after")
    def _reason_goes_with_the_outcome(self) -> Expectation:
        reasons = REASONS[self.outcome]
        if self.reason is not None and self.reason not in reasons:
            raise ValueError(f"there is no reason {self.reason!r} for {self.outcome.value}, only {', '.join(reasons)}")
        return self

    @model_validator(mode="after")
    def _says_what_is_set(self) -> Expectation:
        if self.stored is not None and self.outcome is not Outcome.SET:
            raise ValueError(f"`stored` goes with the outcome set; here the outcome is {self.outcome.value}")
        return self


SAMPLE_LINES: Final = (
    LineSetup(contract="0312345678", additional=("0312345679", "0312345680")),
    LineSetup(contract="0661234567", additional=("0661234568",)),
    LineSetup(contract="09012345678"),
)
"""The lines that come with the product (`ivr/exchange/sample_lines.csv`)."""


def _numbers_once(lines: tuple[LineSetup, ...]) -> tuple[LineSetup, ...]:
    counts = Counter(number for line in lines for number in line.numbers)
    twice = [number for number, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"a number belongs to one line, and only once: {', '.join(twice)}")
    return lines


def _counts_are_whole(limits: dict[str, float]) -> dict[str, float]:
    counts = {field.name for field in fields(Limits) if isinstance(field.default, int)}
    for name in counts & limits.keys():
        if not limits[name].is_integer():
            raise ValueError(f"{name} is a count: {limits[name]:g} is not a whole number")
    return {name: int(value) if name in counts else value for name, value in limits.items()}


ScenarioLimits = Annotated[dict[LimitName, Annotated[float, Field(gt=0, le=3600)]], AfterValidator(_counts_are_whole)]


class Scenario(Described):
    """A whole call.

    Attributes:
        title: what the scenario shows, as a sentence.
        caller: the caller number; `withheld`, `payphone` or `unknown` for none.
        lines: the lines that exist; by default the sample lines.
        limits: limits of the dialogue that differ from the default, by name.
        keying: how the caller presses keys.
        line: what the line does to the audio.
        steps: what the caller does; afterwards the caller only listens until the call ends.
        expect: what the result must be.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    caller: Annotated[str, AfterValidator(_caller)]
    lines: Annotated[tuple[LineSetup, ...], AfterValidator(_numbers_once)] = SAMPLE_LINES
    limits: ScenarioLimits = Field(default_factory=dict)
    keying: Keying = Keying()
    line: LineQuality = LineQuality()
    steps: tuple[Step, ...] = ()
    expect: Expectation

    @property
    def dialogue_limits(self) -> Limits:
        """The limits of the scenario's call."""
        given: dict[str, Any] = self.limits
        return replace(Limits(), **given)

    @property
    def identities(self) -> frozenset[str]:
        """The numbers that no other call may use while the scenario runs."""
        return frozenset([self.caller, *(number for line in self.lines for number in line.numbers)])
