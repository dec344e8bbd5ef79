"""Who runs where: what each program reports, and what others read of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import StorageError
from storage.migrate import downgrade, upgrade
from storage.programs.beating import reported
from storage.programs.registry import Program, Registry, read_programs
from storage.programs.schema import PROGRAMS, metadata, programs
from storage.reach import ALIVE_S
from tests.storage.postgresql import Server
from tests.storage.schemas import differences


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


def program(kind: str = "portal", host: str = "host-a", **said: object) -> Program:
    values = {"version": "1", "schemas": {"alembic_version": "0009"}, "keys": ("k1", "k2"), "pid": 7, **said}
    return Program(kind=kind, host=host, **values)  # type: ignore[arg-type]


def age(database: Database, seconds: float) -> None:
    with database.writing() as connection:
        for row in connection.execute(programs.select()).all():
            mine = programs.c.program_id == row.program_id
            connection.execute(programs.update().where(mine).values(beat_at=row.beat_at - timedelta(seconds=seconds)))


def test_the_history_makes_exactly_the_schema_of_the_code_and_can_be_taken_back(database: Database) -> None:
    upgrade(database, PROGRAMS)
    assert differences(database, PROGRAMS, metadata) == []
    downgrade(database, PROGRAMS, "base")
    upgrade(database, PROGRAMS)
    assert read_programs(database) == []


def test_what_a_program_reports_is_read_as_it_said_it(database: Database) -> None:
    said = program()
    Registry(database, said).beat()
    (state,) = read_programs(database)
    assert state.program == said
    assert state.alive
    assert state.started_at == state.beat_at


def test_the_start_stays_and_the_last_beat_moves_on(database: Database) -> None:
    registry = Registry(database, program())
    registry.beat()
    age(database, 5)
    registry.beat()
    (state,) = read_programs(database)
    assert state.beat_at >= state.started_at


def test_programs_are_read_by_host_and_kind(database: Database) -> None:
    for kind, host in (("serve", "b"), ("portal", "b"), ("serve", "a")):
        Registry(database, program(kind, host)).beat()
    assert [(state.program.host, state.program.kind) for state in read_programs(database)] == [
        ("a", "serve"),
        ("b", "portal"),
        ("b", "serve"),
    ]


def test_a_program_that_ended_in_order_is_not_shown(database: Database) -> None:
    registry = Registry(database, program())
    registry.beat()
    registry.leave()
    assert read_programs(database) == []


def test_a_program_that_says_nothing_more_has_ended_without_a_word(database: Database) -> None:
    Registry(database, program()).beat()
    age(database, ALIVE_S + 1)
    assert [state.alive for state in read_programs(database)] == [False]


def test_a_container_that_is_started_again_with_the_same_process_id_takes_the_place_of_the_killed_one(
    database: Database,
) -> None:
    Registry(database, program()).beat()
    again = program()
    Registry(database, again).beat()
    assert [state.program for state in read_programs(database)] == [again]


def test_two_kinds_of_container_on_one_host_that_both_have_process_id_1_live_side_by_side(database: Database) -> None:
    for kind in ("portal", "mail"):
        Registry(database, program(kind, pid=1)).beat()
    assert len(read_programs(database)) == 2


def test_what_ended_a_day_ago_is_forgotten_when_the_next_program_starts(database: Database) -> None:
    Registry(database, program(pid=1)).beat()
    age(database, 25 * 3600)
    Registry(database, program(pid=2)).beat()
    with database.reading() as connection:
        assert len(connection.execute(programs.select()).all()) == 1


def test_the_clock_of_a_host_is_compared_where_the_database_has_one_of_its_own(
    database: Database, database_kind: str
) -> None:
    ahead_s = Registry(database, program()).beat()
    if database_kind == "sqlite":
        assert ahead_s is None
    else:
        assert ahead_s is not None
        assert abs(ahead_s) < 1


@pytest.mark.slow
@pytest.mark.parametrize("wrong_by_s", [86_400.0, -3_600.0])
def test_a_host_whose_clock_is_wrong_is_told_and_seems_alive_all_the_same(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch, wrong_by_s: float
) -> None:
    monkeypatch.setattr("storage.database_time.utc_now", lambda: datetime.now(UTC) + timedelta(seconds=wrong_by_s))
    with closing(Database(postgresql.url(postgresql.create()))) as database:
        ahead_s = Registry(database, program()).beat()
        assert ahead_s == pytest.approx(wrong_by_s, abs=1)
        (state,) = read_programs(database)
        assert state.alive
        assert state.clock_ahead_s == pytest.approx(wrong_by_s, abs=1)


def test_a_program_is_reported_for_as_long_as_it_runs(database: Database, empty_url: str) -> None:
    beaten = threading.Event()
    failures: list[StorageError] = []
    with reported(empty_url, program, beaten=lambda _ahead_s: beaten.set(), failed=failures.append):
        assert beaten.wait(30)
        assert [state.program.kind for state in read_programs(database)] == ["portal"]
    assert read_programs(database) == []
    assert failures == []


def test_a_database_that_is_away_is_told_at_each_beat_not_made_anew_and_found_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    failed, beaten = threading.Event(), threading.Event()

    def first_failure(_error: StorageError) -> None:
        failed.set()

    with reported(url, program, beaten=lambda _ahead_s: beaten.set(), failed=first_failure, every_s=0.01):
        assert failed.wait(30)
        assert not beaten.is_set()
        assert list(tmp_path.iterdir()) == []
        Database(url).close()
        assert beaten.wait(30)
