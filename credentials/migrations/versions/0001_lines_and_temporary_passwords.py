"""Lines, their numbers, and temporary passwords.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "lines",
        sa.Column("contract_number", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("locked_at", moment),
        sa.PrimaryKeyConstraint("contract_number", name="pk_lines"),
    )
    op.create_table(
        "numbers",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("contract_number", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_numbers"),
        sa.ForeignKeyConstraint(
            ["contract_number"],
            ["lines.contract_number"],
            name="fk_numbers_contract_number",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("number LIKE '0%' AND length(number) BETWEEN 10 AND 11", name=op.f("ck_numbers_national")),
    )
    op.create_index("ix_numbers_contract_number", "numbers", ["contract_number"])
    op.create_table(
        "digest_keys",
        sa.Column("generation", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("introduced_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("generation", name="pk_digest_keys"),
        sa.UniqueConstraint("key_id", name="uq_digest_keys_key_id"),
    )
    op.create_table(
        "temporary_passwords",
        sa.Column("target_number", sa.String, nullable=False),
        sa.Column("credential_id", sa.String, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("set_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("set_by_number", sa.String, nullable=False),
        sa.Column("set_by_call", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("target_number", name="pk_temporary_passwords"),
        sa.UniqueConstraint("credential_id", name="uq_temporary_passwords_credential_id"),
        sa.ForeignKeyConstraint(
            ["target_number"],
            ["numbers.number"],
            name="fk_temporary_passwords_target_number",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["key_id"], ["digest_keys.key_id"], name="fk_temporary_passwords_key_id"),
        sa.CheckConstraint("unit IN ('LINE', 'NUMBER', 'ADMIN_USER')", name=op.f("ck_temporary_passwords_unit")),
        sa.CheckConstraint("failures BETWEEN 0 AND 3", name=op.f("ck_temporary_passwords_failures")),
        sa.CheckConstraint("expires_at > set_at", name=op.f("ck_temporary_passwords_expiry")),
    )


def downgrade() -> None:
    """Remove the tables with all their rows."""
    op.drop_table("temporary_passwords")
    op.drop_table("digest_keys")
    op.drop_index("ix_numbers_contract_number", "numbers")
    op.drop_table("numbers")
    op.drop_table("lines")
