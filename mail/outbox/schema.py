"""The table of letters. It shares the store's database, with a history of its own in `migrations/`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, String, Table, text

from storage.columns import NAMES, UtcDateTime
from storage.migrate import History

MAIL: Final = History("mail:outbox/migrations", "mail_version")

metadata = MetaData(naming_convention=NAMES)
_WAITING: Final = text("state = 'waiting'")
_REFUSED: Final = text("state = 'refused'")

letters = Table(
    # One row a letter. Subject and body are in `sealed`, until the letter was taken or given up; the rest says later
    # what became of it. `once` is empty where a letter has no such name. A lease is a sender's turn at a letter.
    "mail_letters",
    metadata,
    Column("letter_id", String, primary_key=True),
    Column("once", String, unique=True),
    Column("purpose", String, nullable=False),
    Column("address", String, nullable=False),
    Column("counted_as", String, nullable=False),
    Column("number", String, nullable=False),
    Column("client", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("useful_until", UtcDateTime, nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease", String),
    Column("leased_until", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("reason", String, nullable=False),
    Column("reply", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("sealed", LargeBinary),
    CheckConstraint("state IN ('waiting', 'taken', 'refused', 'expired')", name="state"),
    CheckConstraint("state = 'waiting' OR sealed IS NULL", name="wiped"),
    Index(None, "state", "due_at"),
    Index(None, "created_at"),
    Index(None, "number", "created_at"),
    Index(None, "counted_as", "created_at"),
    Index(None, "client", "created_at"),
    Index("ix_mail_letters_waiting", "useful_until", "created_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("ix_mail_letters_refused", "ended_at", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
)

UNLEASED: Final[MappingProxyType[str, Any]] = MappingProxyType({"lease": None, "leased_until": None})
"""The values of a letter that no sender has taken up."""
WIPED: Final[MappingProxyType[str, Any]] = MappingProxyType({"sealed": None, **UNLEASED})
"""The values of a letter that ended: its text is gone."""
