"""Fills a store on PostgreSQL with numbers and records, by SQL, in the shape that a carrier's has.

Secrets are not real: what the operations of `tests.scale.operations` prove is set by the product afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from credentials.secrets.keys import Key
from mail.outbox.sealing import seal
from tests.scale.rows import NUMBERS, RECORDS

_INDEXES: Final = """
    SELECT i.indexdef, format('DROP INDEX %I', i.indexname) AS dropping FROM pg_indexes i
    WHERE i.schemaname = 'public'
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
    ORDER BY i.indexname
"""
_CHUNK: Final = 2_000_000
"""Rows of one statement: progress shows, and the write-ahead log does not pile up."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much a store holds.

    Attributes:
        numbers: telephone numbers; seven lines have ten of them.
        records: records of every kind together: calls and their entries, the audit trail, verdicts and letters.
        largest_line: how many numbers the largest line has; by default a 20th of all, at most 20,000.
    """

    numbers: int
    records: int
    largest_line: int = 0

    @property
    def office(self) -> int:
        """How many numbers the largest line has."""
        return (self.largest_line or min(20_000, self.numbers // 20)) // 10 * 10

    @property
    def rows(self) -> dict[str, int]:
        """How many records of each kind there are."""
        # A call has 25 entries; only the latest calls have theirs here, because entries are found by their call alone.
        shares = {"calls": 0.2, "entries": 0.4, "audit": 0.2, "verdicts": 0.15, "letters": 0.05}
        rows = {kind: int(self.records * share) for kind, share in shares.items()}
        rows["audit"] = max(rows["audit"], self.numbers)  # at least the arrival of each number
        return rows


def number(place: int) -> str:
    """Return the number at a place, from 0."""
    return f"03{place:08d}"


def fill(where: str, key: Key, size: Size, *, said: Callable[[str], None] = lambda _text: None) -> None:
    """Fill an empty store.

    Args:
        where: the database, in libpq's words.
        key: the store's key.
        size: how much.
        said: called with how far it is.
    """
    values: dict[str, Any] = {"numbers": size.numbers, "office": size.office, "key": key.key_id} | size.rows
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(_INDEXES.encode()).fetchall()
        for _definition, dropping in indexes:
            connection.execute(dropping.encode())
        for name, statement in {**NUMBERS, **RECORDS}.items():
            start, of = time.monotonic(), values[statement.counted_by] // statement.every
            for begin, end in _chunks(of):
                _run(connection, statement.sql, values | {"begin": begin, "end": end})
            said(f"{name}: {of:,} in {time.monotonic() - start:.0f} s")
        _seal_letters(connection, key)
        start = time.monotonic()
        for definition, _dropping in indexes:
            connection.execute(definition.encode())
        said(f"{len(indexes)} indexes in {time.monotonic() - start:.0f} s")
        start = time.monotonic()
        connection.execute("VACUUM (ANALYZE)")
        said(f"vacuumed and analysed in {time.monotonic() - start:.0f} s")
        row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        said(f"{row[0] if row else '?'} in all")


def _seal_letters(connection: psycopg.Connection[Any], key: Key) -> None:
    """Give the letters that wait a text that a sender can open."""
    waiting = connection.execute("SELECT letter_id FROM mail_letters WHERE state = 'waiting'").fetchall()
    rows = [(seal(key, letter_id, "subject", "body"), letter_id) for (letter_id,) in waiting]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE mail_letters SET sealed = %s WHERE letter_id = %s", rows)


def _run(connection: psycopg.Connection[Any], sql: str, values: dict[str, Any]) -> None:
    # Numbers and a key's id of our own: psycopg binds no parameters in generate_series without casts.
    for name, value in values.items():
        sql = sql.replace(f":{name}:", str(value))
    connection.execute(sql.encode())


def _chunks(of: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last place of each chunk."""
    for begin in range(0, of, _CHUNK):
        yield begin, min(begin + _CHUNK, of) - 1
