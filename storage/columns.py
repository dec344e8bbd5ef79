"""The common parts of the tables of several rooms: names of constraints, types of columns."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

NAMES: Final = MappingProxyType(
    {
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""How constraints and indexes are named, on every database alike."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database, even if the database knows no time zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
