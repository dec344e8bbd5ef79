"""One-time passwords of the settings site.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables. Every number has still to choose whether it uses one-time passwords."""
    op.create_table(
        "one_time_choices",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("used", sa.Boolean, nullable=False),
        sa.Column("address", sa.String),
        sa.Column("provisional_address", sa.String),
        sa.Column("confirmation_id", sa.String),
        sa.Column("confirmation_hash", sa.String),
        sa.Column("key_id", sa.String),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("chosen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_one_time_choices"),
        sa.UniqueConstraint("version", name="uq_one_time_choices_version"),
        _of_number("one_time_choices"),
        sa.ForeignKeyConstraint(["key_id"], ["digest_keys.key_id"], name="fk_one_time_choices_key_id"),
        _check("one_time_choices", "failures", "failures BETWEEN 0 AND 5"),
        _check("one_time_choices", "addressed", "used = (coalesce(address, provisional_address) IS NOT NULL)"),
        _check("one_time_choices", "identified", "used = (confirmation_id IS NOT NULL)"),
        _check("one_time_choices", "confirmed", "used = (confirmation_hash IS NOT NULL)"),
        _check("one_time_choices", "keyed", "used = (key_id IS NOT NULL)"),
    )
    op.create_table(
        "address_links",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT),
        sa.PrimaryKeyConstraint("digest", name="pk_address_links"),
        sa.UniqueConstraint("number", name="uq_address_links_number"),
        _of_number("address_links"),
        _check("address_links", "expiry", "expires_at > made_at"),
    )
    op.create_table(
        "one_time_codes",
        sa.Column("code_id", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("code_id", name="pk_one_time_codes"),
        _of_number("one_time_codes"),
        _check("one_time_codes", "failures", "failures BETWEEN 0 AND 5"),
        _check("one_time_codes", "expiry", "expires_at > made_at"),
    )
    op.create_index("ix_one_time_codes_number", "one_time_codes", ["number"])


def _of_number(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["number"], ["numbers.number"], name=f"fk_{table}_number", ondelete="CASCADE")


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def downgrade() -> None:
    """Remove the tables with all their rows."""
    op.drop_table("one_time_codes")
    op.drop_table("address_links")
    op.drop_table("one_time_choices")
