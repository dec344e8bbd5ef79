"""Limits of calls by number, and of wrong tries by their origin.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the table. Calls that were counted before belong to no number; they soon stop counting."""
    moment = sa.DateTime(timezone=True)
    op.add_column("numbers", sa.Column("refused_until", moment))
    op.add_column("counted_calls", sa.Column("number", sa.String, nullable=False, server_default=""))
    op.create_table(
        "wrong_tries",
        sa.Column("try_id", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("try_id", name="pk_wrong_tries"),
    )
    op.create_index("ix_wrong_tries_origin", "wrong_tries", ["origin"])
    op.create_index("ix_wrong_tries_at", "wrong_tries", ["at"])


def downgrade() -> None:
    """Remove the columns and the table with all their values."""
    op.drop_table("wrong_tries")
    op.execute("ALTER TABLE counted_calls DROP COLUMN number")
    op.execute("ALTER TABLE numbers DROP COLUMN refused_until")
