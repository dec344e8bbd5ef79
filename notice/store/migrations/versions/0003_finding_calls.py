"""Indexes for operators: the latest calls, those of a caller, and the addresses that are paused.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the indexes."""
    paused = sa.text("paused_at IS NOT NULL")
    op.create_index("ix_notice_calls_began_at", "notice_calls", ["began_at", "call_id"])
    op.create_index("ix_notice_calls_caller", "notice_calls", ["caller", "began_at"])
    op.create_index(
        "ix_notice_addresses_paused_at",
        "notice_addresses",
        ["paused_at"],
        sqlite_where=paused,
        postgresql_where=paused,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_notice_addresses_paused_at", "notice_addresses")
    op.drop_index("ix_notice_calls_caller", "notice_calls")
    op.drop_index("ix_notice_calls_began_at", "notice_calls")
