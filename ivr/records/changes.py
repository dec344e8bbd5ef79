"""The changes of call records: values that wait in a queue until the database takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ivr.records.model import CallBegan, Hangup, RecordedEntry, RtpQuality
from ivr.records.vitals import Vitals


@dataclass(frozen=True, slots=True)
class EntryNoted:
    """An entry of a call's transcript.

    Attributes:
        call_id: the call.
        entry: the entry.
    """

    call_id: str
    entry: RecordedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a call has come; a later value replaces an earlier one.

    Attributes:
        ended_at, outcome, reason: None while the call goes on.
        The others: as in `CallSummary`.
    """

    call_id: str
    language: str
    unit: str | None
    target: str | None
    step: str
    wrong_entries: int
    silences: int
    keys: int
    missed: int
    ended_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelEnded:
    """What the exchange reported of a call's channel."""

    call_id: str
    hangup: Hangup
    rtp: RtpQuality | None


@dataclass(frozen=True, slots=True)
class ServiceBeat:
    """A service reports that it lives, or that it has ended in order."""

    vitals: Vitals
    stopped: bool = False


Change = CallBegan | EntryNoted | Progress | ChannelEnded | ServiceBeat
