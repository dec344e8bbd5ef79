"""The tables of the access number's own: calls and services, operators and their logins.

They share the store's database, with a history of their own in `migrations/`; a test holds the two together.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

from credentials.migrate import History
from credentials.schema import UtcDateTime

IVR_HISTORY: Final = History("ivr:migrations", "ivr_version")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

services = Table(
    # The processes that answer calls. One that no longer beats has ended, and what it had not finished is lost.
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
    # One row a call. No foreign keys to lines: a record outlives the line that it tells of.
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
    Index(None, "caller"),
    Index(None, "target"),
    Index(None, "outcome"),
)

call_entries = Table(
    # What happened in a call, in order; see `ivr.transcript`. `at_s` is empty where it must not be told.
    "call_entries",
    metadata,
    Column("call_id", ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at_s", Float),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
)

operators = Table(
    # Who may log in to the console.
    "operators",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("language", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("refused_until", UtcDateTime),
    CheckConstraint("role IN ('VIEWER', 'OPERATOR', 'ADMIN')", name="role"),
)

operator_sessions = Table(
    # Logins to the console; of the token only a digest is kept.
    "operator_sessions",
    metadata,
    Column("token_digest", String, primary_key=True),
    Column("name", ForeignKey("operators.name", ondelete="CASCADE"), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index(None, "name"),
)
