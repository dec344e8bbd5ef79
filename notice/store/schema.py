"""The tables of call notices. They share the store's database, with a history of their own in `migrations/`.

Settings and verdicts belong to the holder of a number: they go with the number, and when it moves to another line (by
triggers). Otherwise verdicts stay until they are old. They hold neither a withheld number nor a display name.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from credentials.schema import numbers, sessions
from storage.columns import NAMES, UtcDateTime
from storage.migrate import History

NOTICE: Final = History("notice:store/migrations", "notice_version")

metadata = MetaData(naming_convention=NAMES)

settings = Table(
    "notice_settings",
    metadata,
    Column("number", ForeignKey(numbers.c.number, ondelete="CASCADE"), primary_key=True),
    Column("started", Boolean, nullable=False),
    Column("only_listed", Boolean, nullable=False),
    Column("only_unanswered", Boolean, nullable=False),
    Column("together", Boolean, nullable=False),
    Column("version", String, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

addresses = Table(
    # Refusals count from `counts_from` on: when the address was added, or taken up again after a pause.
    "notice_addresses",
    metadata,
    Column("number", ForeignKey(settings.c.number, ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("address", String, nullable=False),
    Column("ticked", Boolean, nullable=False),
    Column("counts_from", UtcDateTime, nullable=False),
    Column("paused_at", UtcDateTime),
    CheckConstraint("place BETWEEN 1 AND 5", name="place"),
    Index(
        "ix_notice_addresses_paused_at",
        "paused_at",
        sqlite_where=text("paused_at IS NOT NULL"),
        postgresql_where=text("paused_at IS NOT NULL"),
    ),
)

listed_numbers = Table(
    "notice_listed_numbers",
    metadata,
    Column("number", ForeignKey(settings.c.number, ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("listed", String, nullable=False),
    Column("name", String, nullable=False),
    Column("ticked", Boolean, nullable=False),
    CheckConstraint("place BETWEEN 1 AND 30", name="place"),
)

drafts = Table(
    # Files of call notices that were rehearsed and wait for the button that stores them. `seen` is made from the
    # versions of all settings that the file names.
    "notice_drafts",
    metadata,
    Column("draft_id", String, primary_key=True),
    Column("session", ForeignKey(sessions.c.name, ondelete="CASCADE"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
    Column("seen", String, nullable=False),
)

calls = Table(
    # One row a verdict. `call_id` is made from the id of the call and the called number, so a second one cannot be
    # written. `mail_at`: when the mail is written that waits for more calls.
    "notice_calls",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("linked_id", String, nullable=False),
    Column("number", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("reason", String),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ringing_ms", Integer),
    Column("result", String, nullable=False),
    Column("service", String),
    Column("why", String, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
    Column("mail_at", UtcDateTime),
    CheckConstraint("(why = 'waits') = (mail_at IS NOT NULL)", name="waits"),
    Index(None, "number", "began_at"),
    Index(None, "caller", "began_at"),
    Index(None, "began_at", "call_id"),
    Index(None, "judged_at"),
    Index(
        "ix_notice_calls_mail_at",
        "mail_at",
        sqlite_where=text("mail_at IS NOT NULL"),
        postgresql_where=text("mail_at IS NOT NULL"),
    ),
)

mails = Table(
    # Which letters of the outbox tell of a call. Several calls may share one. `counted`: whether its refusal was.
    "notice_mails",
    metadata,
    Column("call_id", ForeignKey(calls.c.call_id, ondelete="CASCADE"), primary_key=True),
    Column("address", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("letter_id", String, nullable=False, index=True),
    Column("counted", Boolean, nullable=False),
    Index(None, "number", "address"),
)

journals = Table(
    # How far the journal of an exchange was read: up to the start of the oldest call without a verdict. `read_at`:
    # when its reader last looked at it.
    "notice_journals",
    metadata,
    Column("exchange", String, primary_key=True),
    Column("file", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)
