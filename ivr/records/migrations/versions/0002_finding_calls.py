"""Indexes that have the calls of a number, an outcome or a trunk in the order of time.

Revision ID: 0002
Revises: 0001
"""

from storage.indexes import IndexChanges, NewIndex

revision = "0002"
down_revision = "0001"
oldest_program = "0001"

_IN_TIME = ("caller", "target", "outcome", "trunk")
_ALONE = ("caller", "target", "outcome")
CHANGES = IndexChanges(
    new=[
        NewIndex(name=f"ix_calls_{column}_began_at", table="calls", columns=(column, "began_at")) for column in _IN_TIME
    ],
    gone=[NewIndex(name=f"ix_calls_{column}", table="calls", columns=(column,)) for column in _ALONE],
)


def upgrade() -> None:
    """Create the indexes in place of those that have no time."""
    CHANGES.apply()


def downgrade() -> None:
    """Create the earlier ones."""
    CHANGES.turned().apply()
