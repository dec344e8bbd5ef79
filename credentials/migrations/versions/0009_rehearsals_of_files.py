"""How far the rehearsal of a file of one-time passwords is, and what it found.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "one_time_rehearsals",
        sa.Column("session", sa.String, nullable=False),
        sa.Column("rehearsal_id", sa.String, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("found", sa.String),
        sa.PrimaryKeyConstraint("session", name="pk_one_time_rehearsals"),
        sa.UniqueConstraint("rehearsal_id", name="uq_one_time_rehearsals_rehearsal_id"),
        sa.ForeignKeyConstraint(
            ["session"], ["sessions.name"], name="fk_one_time_rehearsals_session", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_one_time_rehearsals_started_at", "one_time_rehearsals", ["started_at"])


def downgrade() -> None:
    """Remove the table with all its rows."""
    op.drop_table("one_time_rehearsals")
