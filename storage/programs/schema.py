"""The table of programs. It shares the store's database, with a history of its own in `migrations/`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, Integer, MetaData, String, Table

from storage.columns import NAMES, UtcDateTime
from storage.migrate import History

PROGRAMS: Final = History("storage:programs/migrations", "programs_version")

metadata = MetaData(naming_convention=NAMES)

programs = Table(
    # One row a process. All moments are the database's, so that hosts whose clocks differ do not seem dead. `keys` are
    # the ids of the keys that it has, `schemas` the newest revision of each schema that it knows: `name=revision`.
    # `clock_ahead_s` is empty where the database is a file of the host.
    "programs",
    metadata,
    Column("program_id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("schemas", String, nullable=False),
    Column("keys", String, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("beat_at", UtcDateTime, nullable=False, index=True),
    Column("stopped_at", UtcDateTime),
    Column("clock_ahead_s", Float),
)
