"""Letters.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table of letters."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "mail_letters",
        sa.Column("letter_id", sa.String, nullable=False),
        sa.Column("once", sa.String),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("counted_as", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("useful_until", moment, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease", sa.String),
        sa.Column("leased_until", moment),
        sa.Column("ended_at", moment),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("reply", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("letter_id", name="pk_mail_letters"),
        sa.UniqueConstraint("once", name="uq_mail_letters_once"),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'refused', 'expired')", name=op.f("ck_mail_letters_state")),
        sa.CheckConstraint("state = 'waiting' OR sealed IS NULL", name=op.f("ck_mail_letters_wiped")),
    )
    op.create_index("ix_mail_letters_state", "mail_letters", ["state", "due_at"])
    op.create_index("ix_mail_letters_created_at", "mail_letters", ["created_at"])
    op.create_index("ix_mail_letters_number", "mail_letters", ["number", "created_at"])
    op.create_index("ix_mail_letters_counted_as", "mail_letters", ["counted_as", "created_at"])
    op.create_index("ix_mail_letters_client", "mail_letters", ["client", "created_at"])


def downgrade() -> None:
    """Drop it; letters that wait are lost."""
    op.drop_table("mail_letters")
