"""Files of call notices that wait to be stored.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "notice_drafts",
        sa.Column("draft_id", sa.String, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name="pk_notice_drafts"),
        sa.ForeignKeyConstraint(["session"], ["sessions.name"], name="fk_notice_drafts_session", ondelete="CASCADE"),
    )
    op.create_index("ix_notice_drafts_session", "notice_drafts", ["session"])
    op.create_index("ix_notice_drafts_made_at", "notice_drafts", ["made_at"])


def downgrade() -> None:
    """Drop it; files that wait have to be uploaded again."""
    op.drop_table("notice_drafts")
