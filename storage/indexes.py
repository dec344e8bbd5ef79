"""Indexes that a step of a schema's history adds to tables that may be large, while programs write to them.

PostgreSQL's plain CREATE INDEX keeps writers off the table until it is done: minutes, for 10^8 rows. CREATE INDEX
CONCURRENTLY does not, but cannot run inside a transaction, and each step does. So a step says which indexes it makes
and drops (`CHANGES`, a module-level `IndexChanges`), and `storage.migrate.upgrade` does that before the transaction,
statement by statement. The step then finds it done. Where the table is made by the same upgrade, or the database is
SQLite, there is nobody to be kept off, and the step does it itself.

Several hosts may start at once. They look whether somebody builds on the table, and wait without a transaction: a build
waits for all transactions that are older than it. What a killed build left, which PostgreSQL marks as not valid, is
dropped and built again. No lock of a session is used, because PgBouncer may give each statement another session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

POLL_S: Final = 0.5
_RIVAL: Final = frozenset({"40P01", "42P07", "55P03"})
"""SQLSTATEs by which PostgreSQL says that another one was building, too: deadlock, duplicate table, lock timeout."""

_IS_VALID: Final = text(
    "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(:name) AND i.indrelid = to_regclass(:table)"
)
_IS_BUILT: Final = text("SELECT count(*) FROM pg_stat_progress_create_index WHERE relid = to_regclass(:table)")
_COLUMNS: Final = text(
    "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attname = ANY(:columns)"
    " AND NOT attisdropped"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndex:
    """An index to make.

    Attributes:
        name: its name.
        table: its table.
        columns: its columns.
        where: which rows it has, in SQL; "" for all.
    """

    name: str
    table: str
    columns: Sequence[str]
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexChanges:
    """The indexes that a step makes, and those that they take the place of.

    Attributes:
        new: those that are made.
        gone: those that are dropped afterwards.
    """

    new: Sequence[NewIndex] = ()
    gone: Sequence[NewIndex] = ()

    def turned(self) -> IndexChanges:
        """Return what takes the changes back."""
        return IndexChanges(new=self.gone, gone=self.new)

    def apply(self) -> None:
        """Make the changes in the transaction of a step, as far as they are not made; for its `upgrade`."""
        from alembic import op  # which loads Alembic (`storage.migrate`)

        for index in self.new:
            where = text(index.where) if index.where else None
            op.create_index(
                index.name,
                index.table,
                list(index.columns),
                sqlite_where=where,
                postgresql_where=where,
                if_not_exists=True,
            )
        for index in self.gone:
            op.drop_index(index.name, index.table, if_exists=True)


def change_ahead(
    connection: Connection, changes: IndexChanges, *, wait: Callable[[], None] = lambda: time.sleep(POLL_S)
) -> None:
    """Make changes of indexes on PostgreSQL without keeping writers off the tables.

    An index whose table or columns are not there yet is left to its step.

    Args:
        connection: of `Database.statement_by_statement`.
        changes: the changes.
        wait: called between two looks at what another process builds.
    """
    if not all(_has_columns(connection, index) for index in changes.new):
        return
    for index in changes.new:
        _build(connection, index, wait)
    for index in changes.gone:
        connection.exec_driver_sql(f'DROP INDEX CONCURRENTLY IF EXISTS "{index.name}"')


def _build(connection: Connection, index: NewIndex, wait: Callable[[], None]) -> None:
    named = {"name": index.name, "table": index.table}
    while not (is_valid := connection.scalar(_IS_VALID, named)):
        if connection.scalar(_IS_BUILT, {"table": index.table}):
            wait()
            continue
        try:
            if is_valid is not None:
                connection.exec_driver_sql(f'DROP INDEX CONCURRENTLY IF EXISTS "{index.name}"')
            connection.exec_driver_sql(_statement(index))
        except (OperationalError, ProgrammingError) as error:
            if getattr(error.orig, "sqlstate", None) not in _RIVAL:
                raise
            wait()


def _statement(index: NewIndex) -> str:
    columns = ", ".join(f'"{column}"' for column in index.columns)
    where = f" WHERE {index.where}" if index.where else ""
    return f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{index.name}" ON "{index.table}" ({columns}){where}'


def _has_columns(connection: Connection, index: NewIndex) -> bool:
    found = connection.scalar(_COLUMNS, {"table": index.table, "columns": list(index.columns)})
    return bool(found == len(index.columns))
