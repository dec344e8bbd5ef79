"""Records of calls: what happened in each, kept for operators, without a secret (docs/rules.md 5.3)."""

from ivr.records.database import open_existing_records, open_records
from ivr.records.model import (
    OUTCOMES,
    CallBegan,
    CallRecord,
    CallSummary,
    Fate,
    Hangup,
    KeyQuality,
    RecordedEntry,
    RtpQuality,
    ServiceState,
    recorded,
    together,
)
from ivr.records.queries import Query
from ivr.records.reading import CallNotFound, CallReader
from ivr.records.recorder import CallRecorder, Recorder
from ivr.records.report import Report, Tally
from ivr.records.vitals import AmiState, StoreState, Vitals
from ivr.records.writing import CallWriter

__all__ = [
    "OUTCOMES",
    "AmiState",
    "CallBegan",
    "CallNotFound",
    "CallReader",
    "CallRecord",
    "CallRecorder",
    "CallSummary",
    "CallWriter",
    "Fate",
    "Hangup",
    "KeyQuality",
    "Query",
    "RecordedEntry",
    "Recorder",
    "Report",
    "RtpQuality",
    "ServiceState",
    "StoreState",
    "Tally",
    "Vitals",
    "open_existing_records",
    "open_records",
    "recorded",
    "together",
]
