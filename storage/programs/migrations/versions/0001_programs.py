"""The programs that use the database.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "programs",
        sa.Column("program_id", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("schemas", sa.String, nullable=False),
        sa.Column("keys", sa.String, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("beat_at", _MOMENT, nullable=False),
        sa.Column("stopped_at", _MOMENT),
        sa.Column("clock_ahead_s", sa.Float),
        sa.PrimaryKeyConstraint("program_id", name="pk_programs"),
    )
    op.create_index("ix_programs_beat_at", "programs", ["beat_at"])


def downgrade() -> None:
    """Remove the table with all its rows."""
    op.drop_table("programs")
