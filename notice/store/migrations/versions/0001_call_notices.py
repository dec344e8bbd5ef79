"""Call notices.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_OF_THE_OLD_HOLDER = "DELETE FROM notice_settings WHERE number = OLD.number;"


def upgrade() -> None:
    """Create the tables, and let settings go when a number moves to another line."""
    _settings()
    _calls()
    if _is_postgresql():
        op.execute(
            "CREATE FUNCTION notice_forget_holder() RETURNS trigger LANGUAGE plpgsql"
            f" AS 'BEGIN {_OF_THE_OLD_HOLDER} RETURN NULL; END'"
        )
        op.execute(
            "CREATE TRIGGER notice_new_holder AFTER UPDATE OF contract_number ON numbers FOR EACH ROW"
            " WHEN (OLD.contract_number IS DISTINCT FROM NEW.contract_number)"
            " EXECUTE FUNCTION notice_forget_holder()"
        )
    else:
        op.execute(
            "CREATE TRIGGER notice_new_holder AFTER UPDATE OF contract_number ON numbers FOR EACH ROW"
            f" WHEN OLD.contract_number IS NOT NEW.contract_number BEGIN {_OF_THE_OLD_HOLDER} END"
        )


def _settings() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notice_settings",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("started", sa.Boolean, nullable=False),
        sa.Column("only_listed", sa.Boolean, nullable=False),
        sa.Column("only_unanswered", sa.Boolean, nullable=False),
        sa.Column("together", sa.Boolean, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_notice_settings"),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"], name="fk_notice_settings_number", ondelete="CASCADE"),
    )
    op.create_table(
        "notice_addresses",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("ticked", sa.Boolean, nullable=False),
        sa.Column("counts_from", moment, nullable=False),
        sa.Column("paused_at", moment),
        sa.PrimaryKeyConstraint("number", "place", name="pk_notice_addresses"),
        sa.ForeignKeyConstraint(
            ["number"], ["notice_settings.number"], name="fk_notice_addresses_number", ondelete="CASCADE"
        ),
        sa.CheckConstraint("place BETWEEN 1 AND 5", name=op.f("ck_notice_addresses_place")),
    )
    op.create_table(
        "notice_listed_numbers",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("listed", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("ticked", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", "place", name="pk_notice_listed_numbers"),
        sa.ForeignKeyConstraint(
            ["number"], ["notice_settings.number"], name="fk_notice_listed_numbers_number", ondelete="CASCADE"
        ),
        sa.CheckConstraint("place BETWEEN 1 AND 30", name=op.f("ck_notice_listed_numbers_place")),
    )


def _calls() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notice_calls",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("linked_id", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ringing_ms", sa.Integer),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("service", sa.String),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("judged_at", moment, nullable=False),
        sa.Column("mail_at", moment),
        sa.PrimaryKeyConstraint("call_id", name="pk_notice_calls"),
        sa.CheckConstraint("(why = 'waits') = (mail_at IS NOT NULL)", name=op.f("ck_notice_calls_waits")),
    )
    waiting = sa.text("mail_at IS NOT NULL")
    op.create_index("ix_notice_calls_number", "notice_calls", ["number", "began_at"])
    op.create_index("ix_notice_calls_judged_at", "notice_calls", ["judged_at"])
    op.create_index(
        "ix_notice_calls_mail_at", "notice_calls", ["mail_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "notice_mails",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("letter_id", sa.String, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "address", name="pk_notice_mails"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["notice_calls.call_id"], name="fk_notice_mails_call_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notice_mails_letter_id", "notice_mails", ["letter_id"])
    op.create_index("ix_notice_mails_number", "notice_mails", ["number", "address"])
    op.create_table(
        "notice_journals",
        sa.Column("exchange", sa.String, nullable=False),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("exchange", name="pk_notice_journals"),
    )


def downgrade() -> None:
    """Drop all of it; settings and verdicts are lost."""
    op.execute("DROP TRIGGER notice_new_holder" + (" ON numbers" if _is_postgresql() else ""))
    if _is_postgresql():
        op.execute("DROP FUNCTION notice_forget_holder()")
    for table in ("journals", "mails", "calls", "listed_numbers", "addresses", "settings"):
        op.drop_table(f"notice_{table}")


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
