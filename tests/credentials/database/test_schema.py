from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import Column, MetaData, Table, create_engine, insert, select

from credentials.schema import HashText
from credentials.secrets.hashing import PasswordHash
from storage.columns import UtcDateTime


def test_moments_come_back_aware_and_hashes_covered() -> None:
    table = Table("t", MetaData(), Column("moment", UtcDateTime), Column("hash", HashText))
    tokyo = datetime(2026, 4, 1, 8, 30, 0, 1, tzinfo=timezone(timedelta(hours=9)))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(
            insert(table), [{"moment": tokyo, "hash": PasswordHash("$x$")}, {"moment": None, "hash": None}]
        )
        full, empty = connection.execute(select(table)).all()
    engine.dispose()
    assert full.moment == tokyo
    assert full.moment.tzinfo is UTC
    assert full.hash == PasswordHash("$x$")
    assert "$x$" not in repr(full)
    assert tuple(empty) == (None, None)
