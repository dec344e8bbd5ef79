"""The registry: a program reports that it runs, and anyone reads which programs do.

The program's process tells nothing to the others but this. It says on which host it runs, of which version it is, which
keys and schemas it knows, and how far its host's clock is from the database's. So whoever changes a key or a schema, or
looks at a console, sees all hosts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, insert, select, update

from storage.database import Database, database_border
from storage.database_time import seconds_ahead
from storage.migrate import upgrade
from storage.programs.schema import PROGRAMS, programs
from storage.reach import ALIVE_S, schemas_of, schemas_text

BEAT_S: Final = 10.0
"""How often a program reports that it runs."""
KNOWN_FOR: Final = timedelta(days=1)
"""How long a program that has ended is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process of ours that uses the database.

    Attributes:
        kind: what it is: the command that runs it, such as `portal`.
        version: the version of the product.
        schemas: the newest revision of each schema that it knows, by the schema's version table.
        keys: the ids of the keys of the store that it has.
        host: the name of its host.
        pid: its process id there.
        program_id: names it.
    """

    kind: str
    version: str
    schemas: Mapping[str, str]
    keys: Collection[str]
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    program_id: str = field(default_factory=lambda: uuid4().hex)

    def __str__(self) -> str:
        """Return what it is and where, as `portal on host-a`."""
        return f"{self.kind} on {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramState:
    """A program, as the registry has it.

    Attributes:
        program: what it said of itself.
        started_at: when it reported first, by the database's clock.
        beat_at: when it reported last.
        alive: whether it may still run; otherwise it has ended without a word.
        clock_ahead_s: by how many seconds its host's clock was ahead of the database's; None where the database is a
            file of the host.
    """

    program: Program
    started_at: datetime
    beat_at: datetime
    alive: bool
    clock_ahead_s: float | None


class Registry:
    """Reports one program. Its methods block.

    Args:
        database: the database; its schema of programs is made or upgraded at the first beat.
        program: the program.
    """

    def __init__(self, database: Database, program: Program) -> None:
        self._database = database
        self._program = program
        self._has_schema = False

    @database_border
    def beat(self) -> float | None:
        """Report that the program runs.

        Returns:
            By how many seconds this host's clock is ahead of the database's; None where it is a file of this host.

        Raises:
            StoreUnavailable: the database cannot serve.
        """
        if not self._has_schema:
            upgrade(self._database, PROGRAMS)
            self._has_schema = True
        with self._database.writing() as connection:
            ahead_s, now = seconds_ahead(connection), self._database.now()
            values = {"beat_at": now, "stopped_at": None, "clock_ahead_s": ahead_s}
            if not connection.execute(update(programs).where(self._mine).values(**values)).rowcount:
                self._outlive(connection, now)
                connection.execute(insert(programs).values(**_row(self._program), started_at=now, **values))
                connection.execute(delete(programs).where(programs.c.beat_at < now - KNOWN_FOR))
        return ahead_s

    @database_border
    def leave(self) -> None:
        """Report that the program has ended in order.

        Raises:
            StoreUnavailable: the database cannot serve.
        """
        if self._has_schema:
            with self._database.writing() as connection:
                left = update(programs).where(self._mine).values(stopped_at=self._database.now())
                connection.execute(left)

    @property
    def _mine(self) -> Any:
        return programs.c.program_id == self._program.program_id

    def _outlive(self, connection: Connection, now: datetime) -> None:
        """Note that a program of our kind that had our process id on our host has ended, because we have it now."""
        mine = self._program
        had_ours = programs.c.host == mine.host, programs.c.pid == mine.pid, programs.c.kind == mine.kind
        connection.execute(update(programs).where(*had_ours, programs.c.stopped_at.is_(None)).values(stopped_at=now))


@database_border
def read_programs(database: Database) -> list[ProgramState]:
    """Read the programs that run, and those that ended without a word within the last day.

    Args:
        database: a database with the schema of programs.

    Returns:
        By host, and within it by kind and start.

    Raises:
        StoreUnavailable: the database cannot serve.
    """
    with database.reading() as connection:
        now = database.now()
        lately = programs.c.stopped_at.is_(None), programs.c.beat_at >= now - KNOWN_FOR
        order = programs.c.host, programs.c.kind, programs.c.started_at
        rows = connection.execute(select(programs).where(*lately).order_by(*order)).all()
    return [_state(row, now - timedelta(seconds=ALIVE_S)) for row in rows]


def _row(program: Program) -> dict[str, object]:
    return {
        "program_id": program.program_id,
        "host": program.host,
        "kind": program.kind,
        "pid": program.pid,
        "version": program.version,
        "schemas": schemas_text(program.schemas),
        "keys": " ".join(program.keys),
    }


def _state(row: Row[Any], alive_since: datetime) -> ProgramState:
    program = Program(
        kind=row.kind,
        version=row.version,
        schemas=schemas_of(row.schemas),
        keys=tuple(row.keys.split()),
        host=row.host,
        pid=row.pid,
        program_id=row.program_id,
    )
    return ProgramState(
        program=program,
        started_at=row.started_at,
        beat_at=row.beat_at,
        alive=row.beat_at >= alive_since,
        clock_ahead_s=row.clock_ahead_s,
    )
