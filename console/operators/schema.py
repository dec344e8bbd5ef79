"""The tables of operators and their logins. Their history is in `ivr.records.migrations`."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table

from storage.columns import NAMES, UtcDateTime

metadata = MetaData(naming_convention=NAMES)

operators = Table(
    # The operators who may log in to the console.
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
    # Logins to the console; only a digest of the token is stored.
    "operator_sessions",
    metadata,
    Column("token_digest", String, primary_key=True),
    Column("name", ForeignKey("operators.name", ondelete="CASCADE"), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index(None, "name"),
)
