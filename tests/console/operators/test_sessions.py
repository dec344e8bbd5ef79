"""Logins, from their start to their end (docs/rules.md 4.6)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from console.operators import (
    Operators,
    Role,
    Sessions,
)
from console.operators.schema import operator_sessions
from console.operators.sessions import IDLE
from storage.clock import CLOCKS_APART
from storage.database import Database
from tests.storage.databases import FakeClock


class TestSessions:
    def test_a_token_is_long_random_and_not_kept(
        self, operators: Operators, sessions: Sessions, database: Database
    ) -> None:
        tokens = {sessions.begin("otto") for _ in range(20)}
        assert len(tokens) == 20
        assert all(len(token) >= 43 for token in tokens)
        with database.reading() as connection:
            kept = connection.scalars(select(operator_sessions.c.token_digest)).all()
        assert not tokens & set(kept)
        assert all(sessions.find(token) for token in tokens)

    def test_what_is_no_token_finds_nobody(self, operators: Operators, sessions: Sessions) -> None:
        sessions.begin("otto")
        for token in ("", "x", "\ud800", "a" * 10_000):
            assert sessions.find(token) is None

    def test_a_removal_and_a_new_password_end_logins_and_a_new_role_does_not(
        self, operators: Operators, sessions: Sessions
    ) -> None:
        token = sessions.begin("otto")
        operators.set_role("otto", Role.ADMIN, by="operator root")
        found = sessions.find(token)
        assert found is not None
        assert found.role is Role.ADMIN
        operators.set_password("otto", "a rather long one", by="operator root")
        assert sessions.find(token) is None
        token = sessions.begin("otto")
        operators.remove("otto", by="operator root")
        assert sessions.find(token) is None

    def test_logins_that_are_over_are_forgotten(
        self, operators: Operators, sessions: Sessions, database: Database, clock: FakeClock
    ) -> None:
        sessions.begin("otto")
        clock.advance(hours=13)
        assert sessions.in_force() == {}
        sessions.begin("otto")
        with database.reading() as connection:
            assert len(connection.scalars(select(operator_sessions.c.token_digest)).all()) == 1


@settings(max_examples=30)
@given(moved=st.timedeltas(timedelta(days=-4000), timedelta(days=1)))
def test_a_login_is_good_from_its_beginning_on_whatever_the_clock_does(
    operators: Operators, sessions: Sessions, clock: FakeClock, moved: timedelta
) -> None:
    token = sessions.begin("otto")
    clock.now += moved
    good = -CLOCKS_APART <= moved < IDLE
    assert (sessions.find(token) is not None) is good
    assert bool(sessions.in_force()) is good
    clock.now -= moved
    sessions.end(token)
