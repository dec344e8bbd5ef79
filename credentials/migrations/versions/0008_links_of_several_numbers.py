"""A link that confirms an address may be for several numbers of a line.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_COLUMNS = "number, digest, address, made_at, expires_at, confirmed_at"


def upgrade() -> None:
    """Make the number the key of a link."""
    _remake("number")
    op.create_index("ix_address_links_digest", "address_links", ["digest"])


def downgrade() -> None:
    """Make the digest the key again, and remove the links of several numbers."""
    op.execute(
        "DELETE FROM address_links WHERE digest IN"
        " (SELECT digest FROM address_links GROUP BY digest HAVING count(*) > 1)"
    )
    op.drop_index("ix_address_links_digest", "address_links")
    _remake("digest")


def _remake(key: str) -> None:
    """Make the table anew with another key; SQLite cannot change that of a table."""
    moment = sa.DateTime(timezone=True)
    op.execute(f"CREATE TABLE former_links AS SELECT {_COLUMNS} FROM address_links")  # noqa: S608
    op.drop_table("address_links")
    unique = [] if key == "number" else [sa.UniqueConstraint("number", name="uq_address_links_number")]
    op.create_table(
        "address_links",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("confirmed_at", moment),
        sa.PrimaryKeyConstraint(key, name="pk_address_links"),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"], name="fk_address_links_number", ondelete="CASCADE"),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_address_links_expiry")),
        *unique,
    )
    op.execute(f"INSERT INTO address_links ({_COLUMNS}) SELECT {_COLUMNS} FROM former_links")  # noqa: S608
    op.drop_table("former_links")
