"""The report's charts count calls and keys correctly."""

from __future__ import annotations

import random
import tracemalloc
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import insert

from console.report.charts import Period, columns, histograms, refused_tests, report_of
from ivr.records import CallReader, KeyQuality, Query, Report, Tally
from ivr.records.schema import calls
from storage.database import Database
from tests.ivr.records.plain_report import count_one_by_one
from tests.storage.databases import FakeClock

KINDS = [
    *product(["set"], [None], ["done"]),
    *product(["failed"], ["silence", "wrong_entries"], ["unit", "password"]),
    *product(["abandoned", "lost"], ["hung_up"], ["number"]),
    *product(["refused"], ["withheld"], ["admission"]),
]


@pytest.fixture
def reader(database: Database, clock: FakeClock) -> CallReader:
    return CallReader(database, clock=clock)


def write_calls(database: Database, now: datetime, number: int) -> None:
    """Write calls of all kinds, spread over the day before now."""
    dice = random.Random(7)
    rows = []
    for place in range(number):
        outcome, reason, step = dice.choice(KINDS)
        rows.append(
            {
                "call_id": f"{place:x}",
                "service_id": "service",
                "channel_id": "1",
                "trunk": dice.choice(["a", "b", ""]),
                "began_at": now - timedelta(days=1) + timedelta(days=1) * place / number,
                "caller": "0312345678",
                "language": "ja",
                "step": step,
                "outcome": outcome,
                "reason": reason,
                "wrong_entries": dice.randrange(2),
                "silences": dice.randrange(2),
                "keys": dice.randrange(20),
                "missed": dice.randrange(3),
            }
        )
    with database.writing() as connection:
        connection.execute(insert(calls), rows)


def test_counting_in_the_database_tells_what_counting_every_call_does(
    database: Database, reader: CallReader, clock: FakeClock
) -> None:
    write_calls(database, clock.now, 500)
    for query in (
        Query(limit=None),
        Query(trunks=["a"], limit=None),
        Query(since=clock.now - timedelta(hours=7), until=clock.now - timedelta(hours=3), limit=None),
    ):
        counted = count_one_by_one(reader.search(query))
        assert counted.total.calls > 50
        assert reader.report(query) == counted


def test_the_columns_of_a_period_have_all_its_calls_each_once(
    database: Database, reader: CallReader, clock: FakeClock
) -> None:
    write_calls(database, clock.now, 500)
    made = columns(lambda since, until: reader.report(Query(since=since, until=until)), Period.DAY, clock.now)
    assert [column.place for column in made if 20 <= column.total <= 21] == list(range(24))
    assert report_of(made) == count_one_by_one(reader.search(Query(limit=None)))


def test_a_call_that_goes_on_is_counted_and_drawn_in_no_column(clock: FakeClock) -> None:
    tally = Tally(calls=3, outcomes={("in_progress", ""): 1, ("failed", "silence"): 1, ("failed", "wrong_entries"): 1})
    column = columns(lambda _since, _until: Report({"a": tally}), Period.DAY, clock.now)[0]
    assert (column.counts, column.total, column.tally.calls) == ({"failed": 2}, 2, 3)


def test_a_period_is_counted_without_having_its_calls_in_memory(
    database: Database, reader: CallReader, clock: FakeClock
) -> None:
    write_calls(database, clock.now, 3000)

    def count() -> None:
        columns(lambda since, until: reader.report(Query(since=since, until=until)), Period.DAY, clock.now)

    count()
    tracemalloc.start()
    count()
    [_, counting] = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    reader.search(Query(limit=None))
    [_, listing] = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counting < listing / 5


def test_histograms_count_heard_and_refused_and_put_the_extremes_at_the_ends() -> None:
    keys = [
        KeyQuality(source="in-band", failed=None, level_dbm0=-10.0, twist_db=0.0, snr_db=45.0),
        KeyQuality(source="", failed="twist", level_dbm0=-60.0, twist_db=-12.0, snr_db=99.0),
        KeyQuality(source="rfc4733", failed=None, level_dbm0=None, twist_db=None, snr_db=None),
    ]
    level, twist, snr = histograms(keys)
    assert (sum(level.heard), sum(level.refused)) == (1, 1)
    assert level.refused[0] == 1
    assert twist.axis.limits == (-8.0, 5.0)
    assert snr.refused[-1] == 1
    assert refused_tests(keys) == {"twist": 1}
