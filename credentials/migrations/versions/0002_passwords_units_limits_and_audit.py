"""Passwords, a line's unit, limits of calls, and the audit trail.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NOTHING_YET = "0" * 64


def upgrade() -> None:
    """Add the columns and tables."""
    moment = sa.DateTime(timezone=True)
    # Plain SQL: to add a column with a check to SQLite, Alembic rebuilds the table, and dropping the old one would
    # delete all numbers and credentials with it (ON DELETE CASCADE).
    op.execute(
        "ALTER TABLE lines ADD COLUMN unit VARCHAR"
        " CONSTRAINT ck_lines_unit CHECK (unit IN ('LINE', 'NUMBER', 'ADMIN_USER'))"
    )
    op.add_column("lines", sa.Column("refused_until", moment))
    op.create_table(
        "passwords",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("credential_id", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("set_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_passwords"),
        sa.UniqueConstraint("credential_id", name="uq_passwords_credential_id"),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"], name="fk_passwords_number", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["digest_keys.key_id"], name="fk_passwords_key_id"),
        sa.CheckConstraint("failures BETWEEN 0 AND 10", name=op.f("ck_passwords_failures")),
        sa.CheckConstraint("expires_at > set_at", name=op.f("ck_passwords_expiry")),
    )
    op.create_table(
        "counted_calls",
        sa.Column("contract_number", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("contract_number", "outcome", "call_id", name="pk_counted_calls"),
        sa.ForeignKeyConstraint(
            ["contract_number"],
            ["lines.contract_number"],
            name="fk_counted_calls_contract_number",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("outcome IN ('SET', 'FAILED')", name=op.f("ck_counted_calls_outcome")),
    )
    op.create_table(
        "audit",
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("mac", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit"),
        sa.CheckConstraint("position > 0", name=op.f("ck_audit_position")),
    )
    op.create_index("ix_audit_number", "audit", ["number"])
    head = op.create_table(
        "audit_head",
        sa.Column("head", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("head", name="pk_audit_head"),
        sa.CheckConstraint("head = 1", name=op.f("ck_audit_head_single")),
    )
    op.bulk_insert(head, [{"head": 1, "position": 0, "digest": _NOTHING_YET}])
    if op.get_context().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def _refuse_changes_on_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )


def _refuse_changes_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RAISE EXCEPTION ''the audit trail is append-only''; END'"
    )
    for change in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )


def downgrade() -> None:
    """Remove the columns and tables with all their values, including the audit trail."""
    op.drop_table("audit_head")
    op.drop_table("audit")  # its triggers go with it
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
    op.drop_table("counted_calls")
    op.drop_table("passwords")
    op.drop_column("lines", "refused_until")
    op.execute("ALTER TABLE lines DROP COLUMN unit")
