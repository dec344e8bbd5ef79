"""Fills stores of growing sizes, and prints what each operation costs in each of them.

python -m tests.scale.plans --numbers 10000 100000 --records 100000 1000000
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from credentials.secrets.keys import Key
from ivr.lab.postgresql.server import server_programs
from ivr.records import open_records
from notice.store.opening import NoticeStore
from storage.database import Database
from storage.errors import StoreUnavailable
from storage.migrate import upgrade
from storage.programs.schema import PROGRAMS
from tests.credentials.stores import CHEAP
from tests.scale.filling import Size, fill
from tests.scale.operations import OPERATIONS, Operation
from tests.scale.product import Product, product
from tests.scale.statements import Explained, explaining, slowest
from tests.storage.postgresql import FAST, Server, serving

LARGE = frozenset(
    {
        *("lines", "numbers", "passwords", "temporary_passwords", "sessions", "one_time_choices", "address_links"),
        *("audit", "calls", "call_entries", "mail_letters"),
        *("notice_settings", "notice_addresses", "notice_listed_numbers", "notice_calls", "notice_mails"),
    }
)
"""The tables that grow with the numbers or with the records."""
ROOM = {"shared_buffers": "2GB", "max_wal_size": "4GB", "work_mem": "32MB"}
"""Settings of a server for millions of rows; an operator would give it more."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What an operation cost.

    Attributes:
        operation: the operation.
        ms: how long it took in all, the median of several times.
        worst: its slowest statement, explained; None if it ran none.
        rows: how many rows all of its statements looked at.
        scanned: the large tables that a statement of it read from one end to the other.
        failed: why the store did not do it; "" if it did.
    """

    operation: Operation
    ms: float
    worst: Explained | None
    rows: int
    scanned: frozenset[str]
    failed: str = ""


def measure(on: Product, operation: Operation, *, times: int = 3) -> Figures:
    """Do an operation several times, and once more with each of its statements explained."""
    took, failed = [], ""
    try:
        for turn in range(times):
            start = time.perf_counter()
            operation.act(on, turn)
            took.append((time.perf_counter() - start) * 1000)
    except StoreUnavailable as error:
        failed = str(error)
        took.append((time.perf_counter() - start) * 1000)
    with ExitStack() as stack:
        lists = [stack.enter_context(explaining(database)) for database in on.databases]
        try:
            if not failed:
                operation.act(on, times)
        except StoreUnavailable as error:
            failed = str(error)
    explained = [each for found in lists for each in found]
    scanned = frozenset(table for each in explained for table in each.scanned if table in LARGE)
    rows = sum(each.rows for each in explained)
    return Figures(
        operation=operation,
        ms=statistics.median(took),
        worst=slowest(explained),
        rows=rows,
        scanned=scanned,
        failed=failed,
    )


def make_schemas(url: str, key: Key) -> None:
    """Make all tables of the product in an empty database."""
    NoticeStore.open(url, key=key, policy=CHEAP).close()
    open_records(url).close()
    database = Database(url)
    upgrade(database, PROGRAMS)
    database.close()


def filled(server: Server, key: Key, size: Size, *, quiet: bool = False) -> str:
    """Make and fill a database, and return its name."""
    name = server.create()
    make_schemas(server.url(name), key)
    where = f"host={server.directory} user=karipass dbname={name}"
    fill(where, key, size, said=(lambda _text: None) if quiet else say)
    return name


def measured(url: str, key: Key, size: Size) -> Iterator[Figures]:
    """Measure all operations over a filled store."""
    with product(url, key, size) as on:
        for operation in OPERATIONS:
            yield measure(on, operation)


def print_table(sizes: Sequence[Size], found: Sequence[Sequence[Figures]]) -> None:
    """Print the operations with a column for each size, as Markdown."""
    heads = [f"{size.numbers:.0e}, {size.records:.0e}".replace("e+0", "e") for size in sizes]
    print(f"| | operation | {' | '.join(heads)} | rows | slowest statement |")
    print(f"|---|---|{'---|' * len(sizes)}---|---|")
    for of_one in zip(*found, strict=True):
        last = of_one[-1]
        cells = [f"{each.ms:.1f} ms" if not each.failed else f"**fails** {each.ms:.0f} ms" for each in of_one]
        scans = f" **scans {', '.join(sorted(last.scanned))}**" if last.scanned else ""
        rows = " / ".join(f"{each.rows}" for each in of_one)
        short = last.worst.short if last.worst else "none"
        print(f"| {last.operation.way} | {last.operation.name} | {' | '.join(cells)} | {rows} | {short}{scans} |")


def say(text: str) -> None:
    """Say on the error output how far it is."""
    print(text, file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, nargs="+", required=True, help="telephone numbers, for each size")
    parser.add_argument("--records", type=int, nargs="+", required=True, help="records, for each size")
    parser.add_argument("--statements", type=Path, help="a file that gets the slowest statement of each operation")
    asked = parser.parse_args(words)
    sizes = [Size(numbers=a, records=b) for a, b in zip(asked.numbers, asked.records, strict=True)]
    programs = server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    key, found = Key.generate(), []
    try:
        with serving(programs, **FAST, **ROOM) as server:
            for size in sizes:
                say(f"{size.numbers:,} numbers, {size.records:,} records")
                name = filled(server, key, size)
                found.append(list(measured(server.url(name), key, size)))
                server.drop(name)
    finally:  # an hour's work is not thrown away if the last size did not fit
        if found:
            print_table(sizes[: len(found)], found)
    if asked.statements is not None:
        worst = {each.operation.name: vars_of(each.worst) for each in found[-1]}
        asked.statements.write_text(json.dumps(worst, indent=1))


def vars_of(explained: Explained | None) -> dict[str, object]:
    """Return the slowest statement of an operation, for a file."""
    if explained is None:
        return {}
    return {"sql": explained.sql, "ms": explained.ms, "rows": explained.rows, "scanned": dict(explained.scanned)}


if __name__ == "__main__":
    main()
