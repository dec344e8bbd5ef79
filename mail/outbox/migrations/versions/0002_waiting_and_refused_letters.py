"""Indexes of the letters that wait, the most urgent first, and of those that were refused, by when.

Revision ID: 0002
Revises: 0001
"""

from storage.indexes import IndexChanges, NewIndex

revision = "0002"
down_revision = "0001"
oldest_program = "0001"

CHANGES = IndexChanges(
    new=(
        NewIndex(
            name="ix_mail_letters_waiting",
            table="mail_letters",
            columns=("useful_until", "created_at"),
            where="state = 'waiting'",
        ),
        NewIndex(
            name="ix_mail_letters_refused", table="mail_letters", columns=("ended_at",), where="state = 'refused'"
        ),
    )
)


def upgrade() -> None:
    """Create the indexes."""
    CHANGES.apply()


def downgrade() -> None:
    """Drop them."""
    CHANGES.turned().apply()
