"""The clock that all hosts of a store share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.clock import utc_now
from storage.database import Database
from storage.shared_clock import SharedClock
from tests.credentials.stores import CHEAP
from tests.storage.postgresql import Server

THERE = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
NUMBER, PASSWORD = "0312345678", "24681357"


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def shared(seconds: Seconds) -> SharedClock:
    return SharedClock(seconds=seconds)


def test_until_it_is_set_it_is_this_hosts_own(shared: SharedClock) -> None:
    assert abs(shared() - utc_now()) < timedelta(seconds=10)


def test_once_set_it_counts_on_by_itself(shared: SharedClock, seconds: Seconds) -> None:
    shared.set(THERE)
    seconds.now += 2.5
    assert shared() == THERE + timedelta(seconds=2.5)


def test_an_answer_that_was_late_does_not_turn_it_back(shared: SharedClock, seconds: Seconds) -> None:
    shared.set(THERE)
    seconds.now += 1
    shared.set(THERE + timedelta(seconds=0.7))
    assert shared() == THERE + timedelta(seconds=1)


@pytest.mark.parametrize("by_s", [-3600.0, -1.0, 0.5, 86_400.0])
def test_a_database_whose_clock_was_set_is_followed(shared: SharedClock, seconds: Seconds, by_s: float) -> None:
    shared.set(THERE)
    seconds.now += 1
    shared.set(THERE + timedelta(seconds=1 + by_s))
    assert shared() == THERE + timedelta(seconds=1 + by_s)


def test_without_a_server_a_database_has_the_clock_of_its_host(tmp_path_factory: pytest.TempPathFactory) -> None:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('clock') / 'store.db'}")) as database:
        with database.reading():
            pass
        assert abs(database.now() - utc_now()) < timedelta(seconds=10)


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.mark.slow
@pytest.mark.parametrize("wrong_by", [timedelta(days=1), timedelta(hours=-1)])
def test_what_a_host_with_a_wrong_clock_stores_is_good_at_the_others(
    url: str, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    key = Key(bytes(32))
    with CredentialStore.open(url, key=key, policy=CHEAP) as store:
        store.add_line(NUMBER)
        right = store.now()
        monkeypatch.setattr("storage.shared_clock.utc_now", lambda: datetime.now(UTC) + wrong_by)
        monkeypatch.setattr("storage.clock.utc_now", lambda: datetime.now(UTC) + wrong_by)
        with CredentialStore.open(url, key=key, policy=CHEAP) as wrong:
            wrong.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORD, call_id="1")
            assert abs(wrong.now() - right) < timedelta(seconds=60)
        assert store.log_in(NUMBER, PASSWORD, session_id="1").verdict.accepted
