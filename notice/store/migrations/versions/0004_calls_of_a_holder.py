"""What came of a number's calls goes, as its settings do, when the number gets another holder or is removed.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"

_SETTINGS = "DELETE FROM notice_settings WHERE number = OLD.number;"
_CALLS = "DELETE FROM notice_calls WHERE number = OLD.number;"  # their mails go with them


def upgrade() -> None:
    """Let the trigger of a number that moves delete its calls, too, and make one for a number that is removed."""
    _on_a_move(_SETTINGS + _CALLS)
    if _is_postgresql():
        op.execute(
            "CREATE TRIGGER notice_no_holder AFTER DELETE ON numbers FOR EACH ROW"
            " EXECUTE FUNCTION notice_forget_holder()"
        )
    else:
        op.execute(f"CREATE TRIGGER notice_no_holder AFTER DELETE ON numbers FOR EACH ROW BEGIN {_CALLS} END")


def downgrade() -> None:
    """Let calls stay again."""
    op.execute("DROP TRIGGER notice_no_holder" + (" ON numbers" if _is_postgresql() else ""))
    _on_a_move(_SETTINGS)


def _on_a_move(deletions: str) -> None:
    """Say what the trigger of step 0001 does."""
    if _is_postgresql():
        op.execute(
            "CREATE OR REPLACE FUNCTION notice_forget_holder() RETURNS trigger LANGUAGE plpgsql"
            f" AS 'BEGIN {deletions} RETURN NULL; END'"
        )
    else:
        op.execute("DROP TRIGGER notice_new_holder")
        op.execute(
            "CREATE TRIGGER notice_new_holder AFTER UPDATE OF contract_number ON numbers FOR EACH ROW"
            f" WHEN OLD.contract_number IS NOT NEW.contract_number BEGIN {deletions} END"
        )


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
