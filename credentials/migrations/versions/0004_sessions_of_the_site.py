"""Sessions of the settings site, and locks of logins.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sessions",
        sa.Column("id_digest", sa.String, nullable=False),
        sa.Column("former_digest", sa.String),
        sa.Column("renewed_at", moment),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("must_change", sa.String),
        sa.Column("credential_id", sa.String, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=False),
        sa.Column("completed_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("end_reason", sa.String),
        sa.PrimaryKeyConstraint("id_digest", name="pk_sessions"),
        sa.UniqueConstraint("name", name="uq_sessions_name"),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"], name="fk_sessions_number", ondelete="CASCADE"),
        sa.CheckConstraint("must_change IN ('TEMPORARY', 'EXPIRED')", name=op.f("ck_sessions_must_change")),
        sa.CheckConstraint("must_change IS NULL OR completed_at IS NULL", name=op.f("ck_sessions_completed")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_sessions_ended")),
        sa.CheckConstraint("(former_digest IS NULL) = (renewed_at IS NULL)", name=op.f("ck_sessions_renewed")),
    )
    op.create_index("ix_sessions_former_digest", "sessions", ["former_digest"])
    op.create_index("ix_sessions_number", "sessions", ["number"])
    op.create_index("ix_sessions_started_at", "sessions", ["started_at"])
    in_force = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_sessions_in_force",
        "sessions",
        ["number"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "login_locks",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("locked", sa.String, nullable=False),
        sa.Column("locked_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("number", "locked", name="pk_login_locks"),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"], name="fk_login_locks_number", ondelete="CASCADE"),
        sa.CheckConstraint("locked IN ('NUMBER', 'LINE')", name=op.f("ck_login_locks_locked")),
    )


def downgrade() -> None:
    """Remove the tables with all their rows."""
    op.drop_table("login_locks")
    op.drop_table("sessions")
