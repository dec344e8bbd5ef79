"""Which programs can work with a schema. So a carrier upgrades host by host, under calls.

A new version of the program changes a schema in two steps, each with a release of its own: first it adds what it needs
and leaves what older programs use (expand), and when none of those run any more it takes that away (contract). Each
step of a schema's history says which programs can work with its outcome: `oldest_program` is the newest revision that
the oldest of them knows. A step that does not say so is for its own program and newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, column, inspect, select, table

from storage.columns import UtcDateTime

ALIVE_S: Final = 60.0
"""How long after its last beat a program may still run."""

_reach = Table(
    # A row for each schema: the newest revision that the oldest program which can work with it knows.
    "schema_reach",
    MetaData(),
    Column("version_table", String, primary_key=True),
    Column("oldest_program", String, nullable=False),
)
_programs = table(
    "programs", column("host"), column("kind"), column("stopped_at"), column("schemas"), column("beat_at", UtcDateTime)
)
"""As `storage.programs.schema` has it, whose own history needs this module."""


def oldest_program(connection: Connection, version_table: str) -> str | None:
    """Return the newest revision that the oldest program which can work with a schema knows; None if nobody said."""
    if not inspect(connection).has_table(_reach.name):
        return None
    asked = select(_reach.c.oldest_program).where(_reach.c.version_table == version_table)
    oldest: str | None = connection.scalar(asked)
    return oldest


def note_oldest_program(connection: Connection, version_table: str, oldest: str | None) -> None:
    """Note which programs can work with a schema, in the transaction that changed it; None if it is gone."""
    _reach.create(connection, checkfirst=True)
    connection.execute(_reach.delete().where(_reach.c.version_table == version_table))
    if oldest is not None:
        connection.execute(_reach.insert().values(version_table=version_table, oldest_program=oldest))


def left_behind(connection: Connection, version_table: str, oldest: str, *, since: datetime) -> list[str]:
    """Name the programs that run and could not work with a schema any more.

    Args:
        connection: a transaction.
        version_table: the schema.
        oldest: the newest revision that the oldest program which could still work with it knows.
        since: a program that has beaten since then may run.

    Returns:
        Each as `portal on host-a`, once.
    """
    if not inspect(connection).has_table(_programs.name):
        return []
    running = select(_programs).where(_programs.c.stopped_at.is_(None), _programs.c.beat_at >= since)
    behind = {
        f"{row.kind} on {row.host}"
        for row in connection.execute(running)
        if (known := schemas_of(row.schemas).get(version_table)) is not None and known < oldest
    }
    return sorted(behind)


def schemas_of(text: str) -> dict[str, str]:
    """Read the schemas that a program knows, each with its newest revision, as the registry has them."""
    pairs = (word.partition("=") for word in text.split())
    return {name: revision for name, _, revision in pairs}


def schemas_text(schemas: Mapping[str, str]) -> str:
    """Write the schemas that a program knows, as `schemas_of` reads them."""
    return " ".join(f"{name}={revision}" for name, revision in schemas.items())
