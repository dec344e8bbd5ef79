"""Indexes by which it is found without a look at every credential which keys are in use, and what was tried out.

Revision ID: 0010
Revises: 0009
"""

from storage.indexes import IndexChanges, NewIndex

revision = "0010"
down_revision = "0009"
oldest_program = "0009"

CHANGES = IndexChanges(
    new=(
        NewIndex(name="ix_temporary_passwords_key_id", table="temporary_passwords", columns=("key_id",)),
        NewIndex(name="ix_passwords_key_id", table="passwords", columns=("key_id",)),
        NewIndex(name="ix_one_time_choices_key_id", table="one_time_choices", columns=("key_id",)),
        NewIndex(
            name="ix_temporary_passwords_void",
            table="temporary_passwords",
            columns=("target_number",),
            where="failures >= 3",
        ),
    )
)


def upgrade() -> None:
    """Create the indexes."""
    CHANGES.apply()


def downgrade() -> None:
    """Drop them."""
    CHANGES.turned().apply()
