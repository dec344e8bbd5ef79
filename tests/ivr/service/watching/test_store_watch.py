"""How the watch finds out whether the store can be used."""

from __future__ import annotations

import asyncio
import threading

from credentials.audit import Head
from credentials.store import CredentialStore
from ivr.service.store_events import probe
from ivr.service.watching.store_watch import StoreWatch
from storage.errors import StoreUnavailable
from tests.ivr.service.watching.store_watching import running, until


class _Broken:
    """A store that is away, slow, or there, as the test says."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.write_error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def audit_head(self) -> Head:
        return Head(0)

    def admit(self, _number: str) -> None:
        self.asked += 1
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error

    def require_writable(self) -> None:
        if self.write_error is not None:
            raise self.write_error


def watch_of(store: _Broken) -> StoreWatch:
    return StoreWatch(lambda: probe(store), [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]


async def test_a_store_that_answers_is_up(store: CredentialStore) -> None:
    found: list[Head] = []
    watch = StoreWatch(lambda: probe(store), found.append)
    assert not watch.state.up
    async with running(watch):
        await until(watch, up=True)
        assert found == [store.audit_head()]


async def test_a_store_that_goes_and_comes_back_is_seen_to() -> None:
    store = _Broken()
    async with running(watch_of(store)) as watch:
        await until(watch, up=True)
        store.error = StoreUnavailable("the database cannot be used now")
        await until(watch, up=False, problem="cannot be used now")
        store.error = None
        await until(watch, up=True)


async def test_a_store_that_hangs_is_away_and_is_not_asked_again_meanwhile() -> None:
    store = _Broken()
    store.go_on.clear()
    async with running(watch_of(store)) as watch:
        await until(watch, up=False, problem="no answer within")
        await asyncio.sleep(0.1)
        assert store.asked == 1
        store.go_on.set()
        await until(watch, up=True)


async def test_a_store_that_is_read_and_not_written_is_away() -> None:
    store = _Broken()
    store.write_error = StoreUnavailable("the database cannot be written: disk full")
    async with running(watch_of(store)) as watch:
        await until(watch, up=False, problem="cannot be written: disk full")
        store.write_error = None
        await until(watch, up=True)


async def test_while_a_store_does_not_answer_again_the_cause_that_was_found_last_stays() -> None:
    store = _Broken()
    store.error = StoreUnavailable("the database cannot be written: locked")
    async with running(watch_of(store)) as watch:
        await until(watch, up=False, problem="locked")
        store.go_on.clear()
        asked = store.asked
        async with asyncio.timeout(10):
            while store.asked == asked:  # noqa: ASYNC110 - the next question, which hangs
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        assert "locked" in watch.state.problem
        store.go_on.set()


async def test_an_unexpected_fault_does_not_end_the_watch() -> None:
    store = _Broken()
    store.error = RuntimeError("a bug")
    async with running(watch_of(store)) as watch:
        await until(watch, up=False, problem="RuntimeError")
        store.error = None
        await until(watch, up=True)
