"""What calls, pages and operators wait for does not grow with the store: each statement looks at few rows of it.

`python -m tests.scale.plans` shows the same for millions of numbers (docs/scale.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from credentials.secrets.keys import Key
from ivr.records import queries
from tests.scale.filling import Size
from tests.scale.operations import OPERATIONS, Operation, Way
from tests.scale.plans import Figures, filled, measure
from tests.scale.product import Product, product
from tests.storage.postgresql import Server

pytestmark = pytest.mark.slow

SIZE = Size(numbers=20_000, records=200_000, largest_line=40)
FEW = 3_000
"""Rows of one operation, at most. There are 20,000 numbers, 40,000 calls and records of the trail, 30,000 verdicts."""
BOUNDED = [operation for operation in OPERATIONS if operation.way is not Way.WHOLE]


@pytest.fixture(scope="module")
def where(postgresql: Server) -> Iterator[tuple[str, str, Key]]:
    key = Key.generate()
    name = filled(postgresql, key, SIZE, quiet=True)
    words = f"host={postgresql.directory} user=karipass dbname={name}"
    with psycopg.connect(words, autocommit=True) as connection:
        # Tables as small as these are read whole, rather than by an index, where an index would do.
        connection.execute(f"ALTER DATABASE {name} SET enable_seqscan = off".encode())
    yield postgresql.url(name), words, key
    postgresql.drop(name)


@pytest.fixture(scope="module")
def on(where: tuple[str, str, Key]) -> Iterator[Product]:
    url, _, key = where
    with product(url, key, SIZE) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _less_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth, as the store has a hundredth of a large one's calls."""
    monkeypatch.setattr(queries, "LOOKED_THROUGH", queries.LOOKED_THROUGH // 100)
    monkeypatch.setattr(queries, "CALLS_OF_KEYS", queries.CALLS_OF_KEYS // 100)


def named(name: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.name == name)


def looks_at_few_rows(figures: Figures) -> bool:
    return not figures.failed and figures.rows <= FEW


@pytest.mark.parametrize("operation", BOUNDED, ids=lambda operation: operation.name)
def test_an_operation_looks_at_few_rows(operation: Operation, on: Product) -> None:
    figures = measure(on, operation, times=1)
    assert looks_at_few_rows(figures), f"{figures.rows} rows, slowest: {figures.worst} {figures.failed}"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("calls of a number", "ix_calls_target_began_at"),
        ("trunks", "ix_calls_trunk_began_at"),
        ("first login", "ix_audit_action"),
        ("audit trail of a number", "ix_audit_number"),
        ("enter a session", "ix_numbers_contract_number"),
    ],
)
def test_without_its_index_it_would_look_at_many(
    name: str, index: str, on: Product, where: tuple[str, str, Key]
) -> None:
    with psycopg.connect(where[1], autocommit=True) as connection:
        row = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index]).fetchone()
        assert row is not None
        connection.execute(f"DROP INDEX {index}".encode())
        try:
            assert not looks_at_few_rows(measure(on, named(name), times=1))
        finally:
            connection.execute(row[0].encode())
