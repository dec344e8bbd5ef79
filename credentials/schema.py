"""The tables of the credential store. Their history is in `migrations/`; a test checks that the two agree."""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
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
        """Return the hash's text, which the database stores."""
        return None if value is None else value.text

    def process_result_value(self, value: str | None, dialect: Dialect) -> PasswordHash | None:
        """Wrap the stored text so that no repr shows it: SQLAlchemy's debug log shows each row that it fetches."""
        return None if value is None else PasswordHash(value)


class Covered(str):
    """A text whose repr does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<covered>"


class DigestText(TypeDecorator[str]):
    """The digest of a session's id, a link or a code. As with `HashText`, a log of fetched rows does not show it."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Cover the stored text."""
        return None if value is None else Covered(value)


metadata = MetaData(naming_convention=NAMES)
_IN_FORCE: Final = text("ended_at IS NULL")
_VOID: Final = text("failures >= 3")

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
    # The contract number has its row here too: the primary key keeps a number off a second line.
    "numbers",
    metadata,
    Column("number", String, primary_key=True),
    Column("contract_number", ForeignKey("lines.contract_number", ondelete="CASCADE"), nullable=False),
    Column("refused_until", UtcDateTime),
    CheckConstraint("number LIKE '0%' AND length(number) BETWEEN 10 AND 11", name="national"),
    Index(None, "contract_number"),
)

digest_keys = Table(
    # The keys that the database's hashes were made with, by id; the newest generation makes new hashes.
    "digest_keys",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("key_id", String, nullable=False, unique=True),
    Column("introduced_at", UtcDateTime, nullable=False),
)

temporary_passwords = Table(
    # The target is the primary key: a target cannot have two temporary passwords.
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
    Index(None, "key_id"),
    Index("ix_temporary_passwords_void", "target_number", sqlite_where=_VOID, postgresql_where=_VOID),
    CheckConstraint("unit IN ('LINE', 'NUMBER', 'ADMIN_USER')", name="unit"),
    CheckConstraint("failures BETWEEN 0 AND 3", name="failures"),
    CheckConstraint("expires_at > set_at", name="expiry"),
)

passwords = Table(
    # At most one a number; on a line of unit LINE only the contract number has one.
    "passwords",
    metadata,
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("credential_id", String, nullable=False, unique=True),
    Column("hash", HashText, nullable=False),
    Column("key_id", ForeignKey("digest_keys.key_id"), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "key_id"),
    CheckConstraint("failures BETWEEN 0 AND 10", name="failures"),
    CheckConstraint("expires_at > set_at", name="expiry"),
)

counted_calls = Table(
    # Calls that count against the limits of a number and its line, as long as they count; each call once.
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
    # Recent wrong tries at the settings site, with their origin.
    "wrong_tries",
    metadata,
    Column("try_id", String, primary_key=True),
    Column("origin", String, nullable=False, index=True),
    Column("number", String, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

sessions = Table(
    # Sessions of the settings site. Only the browser has the id: `id_digest` is its digest, `name` is for the audit
    # trail. At most one of a number is in force; those that ended are kept for a while, to say why.
    "sessions",
    metadata,
    Column("id_digest", DigestText, primary_key=True),
    Column("former_digest", DigestText, index=True),
    Column("renewed_at", UtcDateTime),
    Column("name", String, nullable=False, unique=True),
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("must_change", String),
    Column("credential_id", String, nullable=False),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String),
    CheckConstraint("must_change IN ('TEMPORARY', 'EXPIRED')", name="must_change"),
    CheckConstraint("must_change IS NULL OR completed_at IS NULL", name="completed"),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
    CheckConstraint("(former_digest IS NULL) = (renewed_at IS NULL)", name="renewed"),
    Index("uq_sessions_in_force", "number", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
)

login_locks = Table(
    # Locks of logins alone; calls go on. See `credentials.site.login_locks`.
    "login_locks",
    metadata,
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("locked", String, primary_key=True),
    Column("locked_at", UtcDateTime, nullable=False),
    CheckConstraint("locked IN ('NUMBER', 'LINE')", name="locked"),
)

one_time_choices = Table(
    # What a number has chosen about one-time passwords; a number without a row has not chosen yet.
    "one_time_choices",
    metadata,
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("version", String, nullable=False, unique=True),
    Column("used", Boolean, nullable=False),
    Column("address", String),
    Column("provisional_address", String),
    Column("confirmation_id", String),
    Column("confirmation_hash", HashText),
    Column("key_id", ForeignKey("digest_keys.key_id")),
    Column("failures", Integer, nullable=False),
    Column("chosen_at", UtcDateTime, nullable=False),
    Index(None, "key_id"),
    CheckConstraint("failures BETWEEN 0 AND 5", name="failures"),
    CheckConstraint("used = (coalesce(address, provisional_address) IS NOT NULL)", name="addressed"),
    CheckConstraint("used = (confirmation_id IS NOT NULL)", name="identified"),
    CheckConstraint("used = (confirmation_hash IS NOT NULL)", name="confirmed"),
    CheckConstraint("used = (key_id IS NOT NULL)", name="keyed"),
)

address_links = Table(
    # Links that confirm an address; at most one of a number. Several numbers of a line may share one.
    "address_links",
    metadata,
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), primary_key=True),
    Column("digest", DigestText, nullable=False, index=True),
    Column("address", String, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    CheckConstraint("expires_at > made_at", name="expiry"),
)

one_time_codes = Table(
    # Codes that were mailed, by their keyed digest; each is good for 300 s and used once.
    "one_time_codes",
    metadata,
    Column("code_id", String, primary_key=True),
    Column("number", ForeignKey("numbers.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("digest", DigestText, nullable=False),
    Column("key_id", String, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    CheckConstraint("failures BETWEEN 0 AND 5", name="failures"),
    CheckConstraint("expires_at > made_at", name="expiry"),
)

one_time_drafts = Table(
    # Files of one-time passwords that were rehearsed and wait for the button that stores them.
    "one_time_drafts",
    metadata,
    Column("draft_id", String, primary_key=True),
    Column("session", ForeignKey("sessions.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False, index=True),
)

one_time_draft_rows = Table(
    # What such a file changes. A number that keeps its confirmation password has no hash here.
    "one_time_draft_rows",
    metadata,
    Column("draft_id", ForeignKey("one_time_drafts.draft_id", ondelete="CASCADE"), primary_key=True),
    Column("number", String, primary_key=True),
    Column("version_seen", String),
    Column("used", Boolean, nullable=False),
    Column("address", String),
    Column("provisional_address", String),
    Column("confirmation_id", String),
    Column("confirmation_hash", HashText),
    Column("key_id", String),
)

one_time_rehearsals = Table(
    # How far the rehearsal of a session's latest file is, and what it found, for any process of the site to show.
    "one_time_rehearsals",
    metadata,
    Column("session", ForeignKey("sessions.name", ondelete="CASCADE"), primary_key=True),
    Column("rehearsal_id", String, nullable=False, unique=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("found", String),
)

audit = Table(
    # Append-only, by triggers. No foreign keys: a record outlives what it describes. See `credentials.audit`.
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
    Index(None, "action", "at"),
)

audit_head = Table(
    # The one row that says where the chain ends; writers who append lock it in turn.
    "audit_head",
    metadata,
    Column("head", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("digest", String, nullable=False),
    CheckConstraint("head = 1", name="single"),
)

OF_A_HOLDER: Final = (passwords, sessions, login_locks, one_time_choices, address_links, one_time_codes)
"""Tables whose rows belong to the holder of their `number`, and go when it gets another holder; so do its temporary
passwords."""

KEYED: Final = (temporary_passwords, passwords, one_time_choices)
"""Tables of hashes that need the key that their `key_id` names."""
