"""Catches the statements that the product runs, and has the server explain each at the moment at which it runs.

A statement is explained inside its own transaction, before it runs, under a savepoint that is rolled back: so it finds
the very rows that it will find, and nothing comes of it twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from sqlalchemy import event

from storage.database import Database

_EXPLAINED: Final = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_OWN_OF_THE_SERVER: Final = ("pg_catalog", "pg_class", "pg_advisory", "information_schema")
_SHOWN: Final = 70


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What the server did for a statement.

    Attributes:
        sql: the statement.
        ms: how long it ran, and its plan was made, in milliseconds.
        rows: how many rows it looked at in tables and indexes.
        blocks: how many pages of 8 KiB it looked at.
        scanned: the tables that it read from one end to the other, and how many rows that were.
        timed_out: whether it ran longer than a statement of the product may.
    """

    sql: str
    ms: float
    rows: int
    blocks: int
    scanned: Mapping[str, int]
    timed_out: bool = False

    @property
    def short(self) -> str:
        """The statement in a few words: what it does to which tables."""
        words = " ".join(self.sql.split())
        tables = re.findall(r"(?:FROM|JOIN|INTO|UPDATE) (\w+)", words)
        kind = words.split(maxsplit=1)[0]
        text = f"{kind} {', '.join(dict.fromkeys(tables))}"
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@contextmanager
def explaining(database: Database) -> Iterator[list[Explained]]:
    """Explain each statement that the database runs until the end, on whatever thread.

    Yields:
        A list that gets them in their order.
    """
    found: list[Explained] = []

    def explain(_connection: Any, cursor: Any, sql: str, given: Any, _context: Any, many: bool) -> None:
        if _EXPLAINED.match(sql) and not any(name in sql for name in _OWN_OF_THE_SERVER):
            found.append(_explain(cursor.connection, sql, given[0] if many else given))

    event.listen(database._engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(database._engine, "before_cursor_execute", explain)


def _explain(connection: psycopg.Connection[Any], sql: str, given: Any) -> Explained:
    connection.execute("SAVEPOINT before_explain")
    try:
        wanted = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}"
        row = connection.execute(wanted.encode(), given).fetchone()
    except psycopg.errors.QueryCanceled:
        row = None
    connection.execute("ROLLBACK TO SAVEPOINT before_explain")
    if row is None:
        return Explained(sql=sql, ms=0, rows=0, blocks=0, scanned={}, timed_out=True)
    answer = row[0] if not isinstance(row[0], str) else json.loads(row[0])
    return _read(sql, answer[0])


def _read(sql: str, answer: Mapping[str, Any]) -> Explained:
    nodes = list(_nodes(answer["Plan"]))
    scans = [node for node in nodes if node["Node Type"].endswith("Scan")]
    scanned: dict[str, int] = {}
    for node in scans:
        if node["Node Type"] == "Seq Scan":
            scanned[node["Relation Name"]] = scanned.get(node["Relation Name"], 0) + _rows(node)
    top = answer["Plan"]
    return Explained(
        sql=sql,
        ms=answer["Planning Time"] + answer["Execution Time"],  # with what triggers did
        rows=sum(map(_rows, scans)),
        blocks=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        scanned=scanned,
    )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _rows(node: Mapping[str, Any]) -> int:
    """Return how many rows a node read, those among them that its conditions threw away."""
    thrown = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    of_one = node["Actual Rows"] + sum(node.get(name, 0) for name in thrown)
    return int(of_one * node["Actual Loops"])


def slowest(explained: Sequence[Explained]) -> Explained | None:
    """Return the statement that took longest; one that timed out takes longer than all others."""
    return max(explained, key=lambda each: (each.timed_out, each.ms), default=None)
