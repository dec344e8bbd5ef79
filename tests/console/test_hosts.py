"""The page of hosts: what runs where, and what does not fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.operators import Role
from console.pages.hosts import hosts_of
from storage.clock import utc_now
from storage.programs.registry import Program, ProgramState, Registry
from storage.programs.schema import programs
from tests.console.stage import Stage
from tests.console.visitor import LogIn


def reports(stage: Stage, kind: str, host: str, version: str = "1.0", keys: tuple[str, ...] = ("k1",)) -> Registry:
    registry = Registry(stage.database, Program(kind=kind, version=version, schemas={}, keys=keys, host=host))
    registry.beat()
    return registry


def page(logged_in: LogIn, role: Role = Role.VIEWER) -> str:
    answer = logged_in(role).get("/hosts")
    assert answer.status_code == 200
    return answer.text


def test_every_host_is_shown_with_what_runs_on_it(stage: Stage, logged_in: LogIn) -> None:
    for kind, host in (("serve", "tokyo-1"), ("portal", "tokyo-1"), ("serve", "osaka-1")):
        reports(stage, kind, host)
    text = page(logged_in)
    assert text.index("osaka-1") < text.index("tokyo-1") < text.index("<code>portal</code>")
    assert text.count("<code>serve</code>") == 2
    assert text.count("</span> runs") == 3
    assert "notice" not in text.partition("<main")[2].partition("<section")[0]


def test_where_nothing_has_reported_yet_the_page_says_so(logged_in: LogIn) -> None:
    assert "No program has reported yet" in page(logged_in)


def test_a_program_that_was_killed_is_shown_as_such(stage: Stage, logged_in: LogIn) -> None:
    reports(stage, "serve", "tokyo-1")
    with stage.database.writing() as connection:
        connection.execute(programs.update().values(beat_at=utc_now() - timedelta(minutes=2)))
    assert "ended without a word" in page(logged_in)


def test_several_versions_and_a_key_that_not_all_have_are_told(stage: Stage, logged_in: LogIn) -> None:
    reports(stage, "serve", "tokyo-1", version="1.1", keys=("k1", "k2"))
    reports(stage, "serve", "osaka-1")
    text = page(logged_in)
    assert "Several versions run at once: 1.0, 1.1" in text
    assert "lack a key that others have: serve (osaka-1)" in text


def test_what_has_ended_makes_no_difference(stage: Stage, logged_in: LogIn) -> None:
    reports(stage, "serve", "tokyo-1", version="1.1", keys=("k1", "k2"))
    reports(stage, "serve", "osaka-1").leave()
    text = page(logged_in)
    assert "Several versions" not in text
    assert "lack a key" not in text


@pytest.mark.parametrize(("ahead_s", "told"), [(3600.0, 3600.0), (-2.5, -2.5), (1.9, None), (None, None)])
def test_a_clock_is_told_of_if_it_is_more_than_2_s_from_the_database(ahead_s: float | None, told: float | None) -> None:
    now = utc_now()
    program = Program(kind="serve", version="1", schemas={}, keys=(), host="a")
    state = ProgramState(program=program, started_at=now, beat_at=now, alive=True, clock_ahead_s=ahead_s)
    (host,) = hosts_of([state])
    assert host.clock_ahead_s == told


def test_a_wrong_clock_stands_beside_its_host(stage: Stage, logged_in: LogIn) -> None:
    reports(stage, "serve", "tokyo-1")
    with stage.database.writing() as connection:
        connection.execute(programs.update().values(clock_ahead_s=-3600.0))
    assert "The clock of this host is 3600.0 s behind the database" in page(logged_in)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_see_the_page_and_it_shows_no_number_and_no_key(
    stage: Stage, logged_in: LogIn, role: Role
) -> None:
    reports(stage, "serve", "tokyo-1", keys=("0123456789abcdef",))
    assert "0123456789abcdef" not in page(logged_in, role)
