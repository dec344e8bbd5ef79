"""What is known of a call, after it and while it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

from ivr.call.dialogue.events import Outcome
from ivr.call.transcript import TranscriptEntry, as_json
from ivr.records.vitals import Vitals


class Fate(StrEnum):
    """The state of a call whose dialogue has given no `Outcome`."""

    IN_PROGRESS = "in_progress"
    LOST = "lost"
    """The service ended before the call did."""


OUTCOMES: Final = (*(outcome.value for outcome in Outcome), Fate.IN_PROGRESS.value, Fate.LOST.value)
"""The states and outcomes that a call can be searched by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """How a channel ended, from the exchange.

    Attributes:
        cause: the cause of ITU-T Q.850; None if it is not known.
        text: what the cause means, or why it is not known.
    """

    cause: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpQuality:
    """How the caller's audio arrived, as the exchange reported it; None for what it did not report.

    Attributes:
        lost_percent: packets that did not arrive, in percent of all.
        jitter_ms: interarrival jitter (RFC 3550, section 6.4.1).
        rtt_ms: round-trip time.
    """

    lost_percent: float | None
    jitter_ms: float | None
    rtt_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBegan:
    """What is known when a call starts.

    Attributes:
        call_id: the call's name, in logs too.
        channel_id: Asterisk's `Uniqueid` of the channel.
        trunk: the endpoint by which the call came.
        began_at: when the call started.
        caller: the caller number; "" if there is none.
        language: the language of the guidance.
    """

    call_id: str
    channel_id: str
    trunk: str
    began_at: datetime
    caller: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One call, without its entries.

    Attributes:
        began: what was known when the call started.
        service_id: the process that answered it.
        ended_at: when it ended; None while it goes on, and if it was lost.
        unit: the chosen unit; None if none was chosen.
        target: the number whose password was to be set; None if it was not known yet.
        step: the last step that the call reached.
        outcome: one of `OUTCOMES`.
        reason: the reason for the outcome, in one word; "" while the call goes on.
        wrong_entries, silences: how many there were.
        keys, missed: how many keys were heard; how many near misses there were.
        hangup, rtp: what the exchange reported; None if it has reported nothing (yet).
    """

    began: CallBegan
    service_id: str
    ended_at: datetime | None
    unit: str | None
    target: str | None
    step: str
    outcome: str
    reason: str
    wrong_entries: int
    silences: int
    keys: int
    missed: int
    hangup: Hangup | None
    rtp: RtpQuality | None

    @property
    def call_id(self) -> str:
        """The call's name."""
        return self.began.call_id

    @property
    def in_progress(self) -> bool:
        """Whether the call goes on."""
        return self.outcome == Fate.IN_PROGRESS

    @property
    def seconds(self) -> float | None:
        """How long the call took; None if that is not known (yet)."""
        return None if self.ended_at is None else (self.ended_at - self.began.began_at).total_seconds()

    @property
    def first_try(self) -> bool:
        """Whether the password was set without a wrong entry and without a silence."""
        return self.outcome == Outcome.SET and not self.wrong_entries and not self.silences


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """One entry of a call's transcript, as it is kept.

    Attributes:
        position: its place in the call, from 0.
        at_s: seconds since the call started; None if they must not be known.
        kind: `said`, `interrupted`, `key`, `missed`, `judged` or `ended`.
        body: its other fields (`ivr.call.transcript.as_json`).
    """

    position: int
    at_s: float | None
    kind: str
    body: Mapping[str, Any]


def recorded(position: int, at_s: float | None, entry: TranscriptEntry) -> RecordedEntry:
    """Turn an entry of a transcript into the form that is kept.

    Args:
        position: its place in the call, from 0.
        at_s: seconds since the call started; None if they must not be known.
        entry: the entry.
    """
    body = as_json(at_s, entry)
    kind, at = str(body.pop("entry")), body.pop("at_s")
    return RecordedEntry(position, at, kind, body)


def together(entries: Iterable[RecordedEntry]) -> Iterator[tuple[RecordedEntry, Sequence[RecordedEntry]]]:
    """Group the entries that are shown as one: gives each first entry, with the others of its group.

    Such entries say the same, without a time, as keys of a password do.
    """
    for _, alike in groupby(entries, lambda entry: (entry.position if entry.at_s is not None else -1, str(entry.body))):
        first, *more = alike
        yield first, more


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyQuality:
    """How well a key was heard, or why it was not.

    Attributes:
        source: `in-band` or `rfc4733`; "" for a near miss.
        failed: the test that it failed; None if it was heard.
        level_dbm0, twist_db, snr_db: its figures; None for an RFC 4733 key.
    """

    source: str
    failed: str | None
    level_dbm0: float | None
    twist_db: float | None
    snr_db: float | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """Everything that is known of one call."""

    summary: CallSummary
    entries: Sequence[RecordedEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """A process that answers calls, as it last reported.

    Attributes:
        vitals: what it reported about itself.
        alive: whether it has reported lately.
    """

    service_id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    stopped_at: datetime | None
    vitals: Vitals
    alive: bool
