"""An index by which logins are counted from the audit trail.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_audit_action", "audit", ["action", "at"])


def downgrade() -> None:
    """Remove the index."""
    op.drop_index("ix_audit_action", "audit")
