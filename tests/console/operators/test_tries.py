"""Failed tries: whose further tries are refused, and for how long (docs/rules.md 4.6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.operators import (
    Operators,
    Origin,
    Role,
)
from console.operators.tries import FAILURES, FAILURES_OF_STRANGERS, REFUSED_FOR, Count
from storage.clock import CLOCKS_APART
from storage.database import Database
from tests.console.operators.operator import PASSWORD, STRANGER, OpenStore
from tests.credentials.stores import CHEAP
from tests.storage.databases import FakeClock


class TestTries:
    def test_five_failures_in_a_row_refuse_the_sixth_try_for_a_minute(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        for _ in range(FAILURES):
            assert operators.prove("otto", "wrong") is None
        assert operators.prove("otto", PASSWORD) is None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD) is not None

    def test_a_success_forgets_failures(self, operators: Operators) -> None:
        for _ in range(3):
            for _ in range(FAILURES - 1):
                assert operators.prove("otto", "wrong") is None
            assert operators.prove("otto", PASSWORD) is not None

    def test_many_tries_at_once_count_as_many(self, operators: Operators) -> None:
        with ThreadPoolExecutor(8) as pool:
            tries = [pool.submit(operators.prove, "otto", "wrong") for _ in range(16)]
            assert {one.result() for one in tries} == {None}
        assert operators.prove("otto", PASSWORD) is None

    def test_a_new_password_lets_in_at_once(self, operators: Operators) -> None:
        for _ in range(FAILURES):
            operators.prove("otto", "wrong")
        operators.set_password("otto", "a rather long one", by="operator root")
        assert operators.prove("otto", "a rather long one") is not None

    def test_five_failures_refuse_the_browser_or_address_that_they_came_from_and_no_other(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        for _ in range(FAILURES):
            operators.prove("otto", "wrong", STRANGER)
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    @pytest.mark.parametrize("seconds", [1, 59, 61, 150])
    def test_one_address_alone_never_uses_up_the_tries_of_all(
        self, operators: Operators, clock: FakeClock, seconds: int
    ) -> None:
        for _ in range(seconds):
            for _ in range(FAILURES + 1):
                operators.prove("otto", "wrong", STRANGER)
            clock.advance(seconds=1)
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None

    def test_many_addresses_make_no_more_than_so_many_guesses_a_minute(
        self, database: Database, clock: FakeClock, operators: Operators, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compared: list[str] = []

        def matches(_name: str, _password: str, stored: str | None) -> bool:
            if stored:
                compared.append(stored)
            return False

        monkeypatch.setattr(operators._hasher, "matches", matches)
        for minute in range(3):
            for place in range(200):
                operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            assert len(compared) == FAILURES_OF_STRANGERS * (minute + 1)
            clock.now += REFUSED_FOR

    def test_what_strangers_do_is_counted_over_all_consoles(
        self, database: Database, open_store: OpenStore, clock: FakeClock, operators: Operators
    ) -> None:
        other = Operators(database, open_store=open_store, policy=CHEAP, clock=clock)
        for place in range(FAILURES_OF_STRANGERS):
            (other if place % 2 else operators).prove("otto", "wrong", Origin(f"198.51.100.{place}"))
        for one in (operators, other):
            assert one.prove("otto", PASSWORD, Origin("192.0.2.2")) is None

    def test_a_browser_in_which_one_has_logged_in_is_not_refused_for_what_strangers_do(
        self, operators: Operators
    ) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for place in range(200):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            operators.prove("otto", "wrong", STRANGER)  # as behind a proxy: the same address
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        assert operators.prove("otto", PASSWORD, known) is not None

    def test_a_known_browser_may_fail_no_oftener_than_a_stranger(self, operators: Operators, clock: FakeClock) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for _ in range(FAILURES):
            operators.prove("otto", "wrong", known)
        assert operators.prove("otto", PASSWORD, known) is None
        assert operators.prove("otto", PASSWORD, Origin("192.0.2.2")) is not None
        clock.now += REFUSED_FOR
        assert operators.prove("otto", PASSWORD, known) is not None

    def test_a_mark_is_known_without_a_hash(self, operators: Operators) -> None:
        mark = operators.mark("otto")
        operators._hasher.matches = lambda *_: pytest.fail("a hash was made")  # type: ignore[method-assign]
        assert operators.knows("otto", mark)
        for name, shown in (("otto", ""), ("otto", f"{mark}x"), ("nobody", mark), ("No Name", mark)):
            assert not operators.knows(name, shown)

    def test_a_mark_is_of_one_operator_and_of_one_password(self, operators: Operators) -> None:
        operators.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root")
        marks = [operators.mark("ada"), operators.mark("otto"), "", ".", "x.y", "\ud800.\ud800"]
        operators.set_password("otto", "a rather long one", by="operator root")
        for mark in marks:
            for place in range(FAILURES_OF_STRANGERS):
                operators.prove("otto", "wrong", Origin(f"198.51.100.{place}", mark))
            assert operators.prove("otto", "a rather long one", Origin("192.0.2.2", mark)) is None
        operators.set_password("otto", PASSWORD, by="operator root")
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    def test_a_name_that_cannot_be_one_is_nobodys(self, operators: Operators) -> None:
        for name in ("otto\0", "\0", "o" * 500, "Otto"):
            assert operators.prove(name, PASSWORD) is None

    def test_counts_are_forgotten_when_they_are_over(self, operators: Operators, clock: FakeClock) -> None:
        for place in range(100):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place}"))
            operators.prove("nobody", "wrong", Origin(f"198.51.100.{place}"))
        assert len(operators._tries._counts) == FAILURES_OF_STRANGERS
        clock.now += REFUSED_FOR
        operators.prove("otto", "wrong", STRANGER)
        assert len(operators._tries._counts) == 1

    def test_the_right_password_is_not_refused_after_the_clock_was_set_back_by_a_day(
        self, operators: Operators, clock: FakeClock
    ) -> None:
        known = Origin("192.0.2.1", operators.mark("otto"))
        for place in range(FAILURES_OF_STRANGERS):
            operators.prove("otto", "wrong", Origin(f"198.51.100.{place % 4}"))
            operators.prove("otto", "wrong", known)
        assert operators.prove("otto", PASSWORD, known) is None
        assert operators.prove("otto", PASSWORD, STRANGER) is None
        clock.advance(days=-1)
        assert operators.prove("otto", PASSWORD, known) is not None
        assert operators.prove("otto", PASSWORD, STRANGER) is not None

    @given(
        tries=st.integers(0, 20), most=st.integers(1, 20), ahead=st.timedeltas(timedelta(days=-2), timedelta(days=4000))
    )
    def test_a_count_refuses_no_longer_than_its_minute_and_what_clocks_may_be_apart(
        self, tries: int, most: int, ahead: timedelta
    ) -> None:
        now = datetime(2026, 4, 1, tzinfo=UTC)
        count = Count(tries, now + ahead)
        in_force = timedelta(0) < ahead <= REFUSED_FOR + CLOCKS_APART
        assert (count.one_more(most, now) is None) is (in_force and tries >= most)
        assert count.one_more(most, now + REFUSED_FOR + CLOCKS_APART) is not None or ahead > REFUSED_FOR + CLOCKS_APART
