"""Calls, the services that answer them, and the operators who look at them.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "services",
        sa.Column("service_id", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("beat_at", moment, nullable=False),
        sa.Column("stopped_at", moment),
        sa.Column("health", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("service_id", name="pk_services"),
    )
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("service_id", sa.String, nullable=False),
        sa.Column("channel_id", sa.String, nullable=False),
        sa.Column("trunk", sa.String, nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("unit", sa.String),
        sa.Column("target", sa.String),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("reason", sa.String),
        sa.Column("wrong_entries", sa.Integer, nullable=False),
        sa.Column("silences", sa.Integer, nullable=False),
        sa.Column("keys", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("hangup_cause", sa.Integer),
        sa.Column("hangup_text", sa.String),
        sa.Column("rtp_lost_percent", sa.Float),
        sa.Column("rtp_jitter_ms", sa.Float),
        sa.Column("rtp_rtt_ms", sa.Float),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    for column in ("began_at", "caller", "target", "outcome"):
        op.create_index(f"ix_calls_{column}", "calls", [column])
    op.create_table(
        "call_entries",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at_s", sa.Float),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "position", name="pk_call_entries"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_call_entries_call_id", ondelete="CASCADE"),
    )
    op.create_table(
        "operators",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("refused_until", moment),
        sa.PrimaryKeyConstraint("name", name="pk_operators"),
        sa.CheckConstraint("role IN ('VIEWER', 'OPERATOR', 'ADMIN')", name=op.f("ck_operators_role")),
    )
    op.create_table(
        "operator_sessions",
        sa.Column("token_digest", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name="pk_operator_sessions"),
        sa.ForeignKeyConstraint(["name"], ["operators.name"], name="fk_operator_sessions_name", ondelete="CASCADE"),
    )
    op.create_index("ix_operator_sessions_name", "operator_sessions", ["name"])


def downgrade() -> None:
    """Remove the tables with everything in them."""
    for table in ("operator_sessions", "operators", "call_entries", "calls", "services"):
        op.drop_table(table)
