"""The tables. Their history is in `migrations/`; a test holds the two together."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

from credentials.secrets.hashing import PasswordHash
from storage.columns import NAMES, UtcDateTime
from storage.migrate import History

CREDENTIALS: Final = History("credentials:migrations", "alembic_version")


class HashText(TypeDecorator[PasswordHash]):
    """A `PasswordHash` in Python, its text in the database."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: PasswordHash | None, dialect: Dialect) -> str | None:
        """Return the text."""
        return None if value is None else value.text

    def process_result_value(self, value: str | None, dialect: Dialect) -> PasswordHash | None:
        """Cover what was stored: SQLAlchemy's debug log shows each row that it fetches."""
        return None if value is None else PasswordHash(value)


metadata = MetaData(naming_convention=NAMES)

lines = Table(
    "lines",
    metadata,
    Column("contract_number", String, primary_key=True),
    Column("language", String, nullable=False),
    Column("locked_at", UtcDateTime),
    Column("unit", String),
    Column("refused_until", UtcDateTime),
    CheckConstraint("unit IN ('LINE', 'NUMBER', 'ADMIN_USER')", name="unit"),
)

numbers = Table(
    # The contract number has its row here too: the primary key is what keeps a number off a second line.
    "numbers",
    metadata,
    Column("number", String, primary_key=True),
    Column("contract_number", ForeignKey("lines.contract_number", ondelete="CASCADE"), nullable=False),
    Column("refused_until", UtcDateTime),
    CheckConstraint("number LIKE '0%' AND length(number) BETWEEN 10 AND 11", name="national"),
    Index(None, "contract_number"),
)

digest_keys = Table(
    # Which key the database's hashes were made with, by its id; the newest generation makes new ones.
    "digest_keys",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("key_id", String, nullable=False, unique=True),
    Column("introduced_at", UtcDateTime, nullable=False),
)

temporary_passwords = Table(
    # The target is the primary key: two temporary passwords of one target cannot be.
    "temporary_passwords",
    metadata,
    Column("target_number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("credential_id", String, nullable=False, unique=True),
    Column("unit", String, nullable=False),
    Column("hash", HashText, nullable=False),
    Column("key_id", ForeignKey("digest_keys.key_id"), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("set_by_number", String, nullable=False),
    Column("set_by_call", String, nullable=False),
    CheckConstraint("unit IN ('LINE', 'NUMBER', 'ADMIN_USER')", name="unit"),
    CheckConstraint("failures BETWEEN 0 AND 3", name="failures"),
    CheckConstraint("expires_at > set_at", name="expiry"),
)

passwords = Table(
    # One a number, at most; of a line of unit LINE the contract number alone has one.
    "passwords",
    metadata,
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("credential_id", String, nullable=False, unique=True),
    Column("hash", HashText, nullable=False),
    Column("key_id", ForeignKey("digest_keys.key_id"), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    CheckConstraint("failures BETWEEN 0 AND 10", name="failures"),
    CheckConstraint("expires_at > set_at", name="expiry"),
)

counted_calls = Table(
    # Calls that count against a number's and its line's limits, for as long as they do; each call once.
    "counted_calls",
    metadata,
    Column("contract_number", ForeignKey("lines.contract_number", ondelete="CASCADE"), primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("call_id", String, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("number", String, nullable=False, server_default=""),
    CheckConstraint("outcome IN ('SET', 'FAILED')", name="outcome"),
)

wrong_tries = Table(
    # At the settings site, of the last while, by where they came from.
    "wrong_tries",
    metadata,
    Column("try_id", String, primary_key=True),
    Column("origin", String, nullable=False, index=True),
    Column("number", String, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

audit = Table(
    # Append-only, by triggers. No foreign keys: it outlives what it tells of. See `credentials.audit`.
    "audit",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("number", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("mac", String, nullable=False),
    CheckConstraint("position > 0", name="position"),
    Index(None, "number"),
)

audit_head = Table(
    # The one row that all who append take in turn: where the chain ends.
    "audit_head",
    metadata,
    Column("head", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("digest", String, nullable=False),
    CheckConstraint("head = 1", name="single"),
)
