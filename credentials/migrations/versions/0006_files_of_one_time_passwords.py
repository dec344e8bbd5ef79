"""Files of one-time passwords that wait for the button that stores them.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "one_time_drafts",
        sa.Column("draft_id", sa.String, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name="pk_one_time_drafts"),
        sa.ForeignKeyConstraint(["session"], ["sessions.name"], name="fk_one_time_drafts_session", ondelete="CASCADE"),
    )
    op.create_index("ix_one_time_drafts_session", "one_time_drafts", ["session"])
    op.create_index("ix_one_time_drafts_made_at", "one_time_drafts", ["made_at"])
    op.create_table(
        "one_time_draft_rows",
        sa.Column("draft_id", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("version_seen", sa.String),
        sa.Column("used", sa.Boolean, nullable=False),
        sa.Column("address", sa.String),
        sa.Column("provisional_address", sa.String),
        sa.Column("confirmation_id", sa.String),
        sa.Column("confirmation_hash", sa.String),
        sa.Column("key_id", sa.String),
        sa.PrimaryKeyConstraint("draft_id", "number", name="pk_one_time_draft_rows"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["one_time_drafts.draft_id"], name="fk_one_time_draft_rows_draft_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Remove the tables with all their rows."""
    op.drop_table("one_time_draft_rows")
    op.drop_table("one_time_drafts")
