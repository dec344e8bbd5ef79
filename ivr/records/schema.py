"""The tables of calls and services.

They share the store's database, with a history of their own in `migrations/`. That history also makes the console's
tables (`console.operators.schema`). A test holds the three together.
"""

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

from storage.columns import NAMES, UtcDateTime
from storage.migrate import History

IVR_HISTORY: Final = History("ivr:records/migrations", "ivr_version")

metadata = MetaData(naming_convention=NAMES)

services = Table(
    # The processes that answer calls. A process that no longer beats has ended, and its unfinished calls are lost.
    "services",
    metadata,
    Column("service_id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("beat_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),
    Column("health", Text, nullable=False),
)

calls = Table(
    # One row a call. No foreign keys to lines: a record outlives the line that it names.
    "calls",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("service_id", String, nullable=False),
    Column("channel_id", String, nullable=False),
    Column("trunk", String, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("caller", String, nullable=False),
    Column("language", String, nullable=False),
    Column("unit", String),
    Column("target", String),
    Column("step", String, nullable=False),
    Column("outcome", String),
    Column("reason", String),
    Column("wrong_entries", Integer, nullable=False),
    Column("silences", Integer, nullable=False),
    Column("keys", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("hangup_cause", Integer),
    Column("hangup_text", String),
    Column("rtp_lost_percent", Float),
    Column("rtp_jitter_ms", Float),
    Column("rtp_rtt_ms", Float),
    Index(None, "began_at"),
    *(Index(f"ix_calls_{column}_began_at", column, "began_at") for column in ("caller", "target", "outcome", "trunk")),
)

call_entries = Table(
    # What happened in a call, in order; see `ivr.call.transcript`. `at_s` is empty if the time must not be known.
    "call_entries",
    metadata,
    Column("call_id", ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at_s", Float),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
)
