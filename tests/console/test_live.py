"""The stream of events of the live page."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import structlog

from console.live.view import STREAMS, Away, LiveView, Snapshot, services_to_show
from console.operators import Role
from ivr.records import AmiState, ServiceState, Vitals
from ivr.records.changes import Progress
from tests.console.stage import CONTRACT, Stage, Tone, bad_keys
from tests.console.visitor import LogIn
from tests.console.watcher import watching
from tests.storage.databases import FakeClock


def test_a_call_shows_at_its_first_moment_grows_and_goes(stage: Stage, logged_in: LogIn) -> None:
    whole = (Tone(1, "1"), Tone(2, "9753", pause_s=0.1))
    call_id, changes = stage.changes_of(whole, hang_up_s=4)
    with watching(logged_in(Role.OPERATOR)) as watcher:
        assert watcher.next()["cards"] == []
        stage.beat()
        stage.writer.write(changes[:1])
        [[shown, html]] = watcher.until(call_id)["cards"]
        assert shown == call_id
        assert CONTRACT in html
        in_password = next(
            place for place, change in enumerate(changes) if isinstance(change, Progress) and change.step == "password"
        )
        stage.writer.write(changes[: in_password + 1])
        watcher.until('class=\\"now\\" aria-current=\\"step\\">password')
        stage.writer.write(changes)
        while (state := watcher.next())["cards"]:
            pass
        assert f"/calls/{call_id}" in state["parts"]["recent"]


def test_a_card_tells_why_the_last_key_was_refused(stage: Stage, logged_in: LogIn) -> None:
    stage.beat()
    stage.begin_call(bad_keys(), until_s=11)
    with watching(logged_in(Role.OPERATOR)) as watcher:
        assert "unequal tones: twist -12.0 dB" in watcher.next()["cards"][0][1]


def test_a_card_tells_of_a_wrong_entry_though_its_key_is_noted_later(stage: Stage, logged_in: LogIn) -> None:
    stage.beat()
    stage.begin_call((Tone(2, "9"),), until_s=6)
    with watching(logged_in(Role.OPERATOR)) as watcher:
        assert "unit: the entry was not right" in watcher.next()["cards"][0][1]


def test_a_card_tells_no_more_of_what_went_wrong_when_a_key_was_heard_since(stage: Stage, logged_in: LogIn) -> None:
    stage.beat()
    stage.begin_call((Tone(2, "9"), Tone(6, "1")), until_s=9)
    with watching(logged_in(Role.OPERATOR)) as watcher:
        assert "trouble" not in watcher.next()["cards"][0][1]


def test_viewers_are_sent_no_number_whole(stage: Stage, logged_in: LogIn) -> None:
    stage.beat()
    stage.begin_call((Tone(1, "1"),), until_s=3)
    stage.call((), hang_up_s=2)
    with watching(logged_in(Role.VIEWER)) as viewer, watching(logged_in(Role.OPERATOR)) as operator:
        assert CONTRACT in json.dumps(operator.next())
        masked = json.dumps(viewer.next(), ensure_ascii=False)
        assert "031*****78" in masked
        assert CONTRACT not in masked
        assert "03-1234-5678" not in masked


def test_what_a_service_tells_of_asterisk_is_passed_on(stage: Stage, logged_in: LogIn) -> None:
    stage.beat(Vitals(ami=AmiState(status="connected", asterisk="22.10.1")))
    with watching(logged_in(Role.VIEWER)) as watcher:
        assert 'data-ami="connected"' in watcher.next()["parts"]["health"]
        reason = "login refused: KARIPASS_AMI_SECRET must be the secret in manager.conf"
        stage.beat(Vitals(ami=AmiState(status="refused", reason=reason)))
        assert 'data-ami="refused"' in watcher.until(reason)["parts"]["health"]
        stage.beat(Vitals(ami=AmiState(status="away", reason="Asterisk has gone")))
        watcher.until("Asterisk has gone")
        stage.beat(Vitals(ami=AmiState(status="connected", asterisk="22.10.2")))
        watcher.until("22.10.2")


def test_who_is_removed_or_logs_out_is_told_no_more(stage: Stage, logged_in: LogIn) -> None:
    visitor = logged_in(Role.OPERATOR)
    with watching(visitor) as watcher:
        watcher.next()
        stage.operators.remove("otto", by="operator root")
        assert watcher.next("over") == {}


def test_a_role_that_is_taken_away_masks_what_comes_next(stage: Stage, logged_in: LogIn) -> None:
    stage.beat()
    stage.begin_call((), until_s=1)
    with watching(logged_in(Role.OPERATOR)) as watcher:
        assert CONTRACT in json.dumps(watcher.next())
        stage.operators.set_role("otto", Role.VIEWER, by="operator root")
        assert CONTRACT not in json.dumps(watcher.next())


def test_who_watches_in_too_many_places_is_told_so_where_they_began_first(
    stage: Stage, logged_in: LogIn, address: str
) -> None:
    visitor, same_operator = logged_in(Role.VIEWER), logged_in(Role.VIEWER)
    with ExitStack() as streams:
        first = streams.enter_context(watching(visitor))
        first.next()
        others = [streams.enter_context(watching(same_operator)) for _ in range(STREAMS - 1)]
        for other in others:
            other.next()
        someone_else = streams.enter_context(watching(logged_in(Role.ADMIN)))
        someone_else.next()
        stage.beat(Vitals(calls=1))
        first.next()
        last = streams.enter_context(watching(visitor))
        last.next()
        assert first.next("crowded") == {}
        first.ends()
        stage.beat(Vitals(calls=2))
        for watcher in (*others, someone_else, last):
            watcher.next()


class TestView:
    """Looks that wait for a permit."""

    @pytest.fixture
    def permits(self) -> Iterator[threading.Semaphore]:
        permits = threading.Semaphore(0)
        yield permits
        permits.release(100)

    @pytest.fixture
    def looks(self) -> list[Snapshot]:
        return []

    @pytest.fixture
    async def view(self, permits: threading.Semaphore, looks: list[Snapshot]) -> AsyncIterator[LiveView]:
        def look() -> Snapshot:
            permits.acquire()
            looks.append(Snapshot(calls=[], in_progress=len(looks), recent=[], services=[], logins={}))
            return looks[-1]

        view = LiveView(look, every_s=0)
        running = asyncio.create_task(view.run())
        yield view
        permits.release(100)
        await view.close()
        await running

    async def test_all_who_watch_share_one_look(
        self, view: LiveView, permits: threading.Semaphore, looks: list[Snapshot]
    ) -> None:
        watchers = [view.watch(f"operator-{place}") for place in range(20)]
        first = [asyncio.ensure_future(anext(watcher)) for watcher in watchers]
        permits.release(2)  # one for a look that may have started before the last viewer came, and one for all
        async with asyncio.timeout(20):
            assert all(state in looks for state in await asyncio.gather(*first))
        assert len(looks) <= 2
        for watcher in watchers:
            await watcher.aclose()

    async def test_who_comes_later_is_shown_nothing_that_was_looked_at_before(
        self, view: LiveView, permits: threading.Semaphore, looks: list[Snapshot]
    ) -> None:
        early, late = view.watch("otto"), view.watch("otto")
        permits.release(1)
        seen = await anext(early)
        permits.release(2)
        assert await anext(late) is not seen
        await early.aclose()
        await late.aclose()

    async def test_places_that_are_left_do_not_count(
        self, view: LiveView, permits: threading.Semaphore, looks: list[Snapshot]
    ) -> None:
        permits.release(100)
        stays = view.watch("otto")
        assert await anext(stays) in looks
        for _ in range(2 * STREAMS):
            leaves = view.watch("otto")
            await anext(leaves)
            await leaves.aclose()
        assert isinstance(await anext(stays), Snapshot)
        await stays.aclose()

    async def test_a_fault_is_told_logged_and_survived(self) -> None:
        broken = threading.Event()
        broken.set()

        def look() -> Snapshot:
            if broken.is_set():
                raise ValueError("a record that cannot be read")
            return Snapshot(calls=[], in_progress=0, recent=[], services=[], logins={})

        view = LiveView(look, every_s=0)
        with structlog.testing.capture_logs() as logs:
            running = asyncio.create_task(view.run())
            watcher = view.watch("otto")
            assert isinstance(await anext(watcher), Away)
            broken.clear()
            assert isinstance(await anext(watcher), Snapshot)
            await view.close()
            await running
        assert logs[0]["event"] == "live_view_failed"

    async def test_nobody_looks_while_nobody_watches(
        self, view: LiveView, permits: threading.Semaphore, looks: list[Snapshot]
    ) -> None:
        permits.release(1)
        for _ in range(10):
            await asyncio.sleep(0)
        assert looks == []

    async def test_a_page_is_drawn_once_for_all_who_see_the_same(self, view: LiveView) -> None:
        drawn: list[object] = []
        away = Away("why")

        def draw(key: object, _: object) -> str:
            drawn.append(key)
            return str(key)

        for key in (("ja", True), ("ja", False), ("ja", True), ("en", True)):
            view.once(key, away, draw)
        assert drawn == [("ja", True), ("ja", False), ("en", True)]
        view.once(("ja", True), Away("why"), draw)
        assert len(drawn) == 4

    async def test_those_who_watch_are_let_go_in_the_end(self, permits: threading.Semaphore) -> None:
        view = LiveView(lambda: Snapshot(calls=[], in_progress=0, recent=[], services=[], logins={}), every_s=0)
        running = asyncio.create_task(view.run())
        watcher = view.watch("otto")
        await anext(watcher)
        waiting = asyncio.ensure_future(anext(watcher, "the end"))
        await view.close()
        assert await waiting in ("the end", None)
        await running


class TestServices:
    def state(self, name: str, clock: FakeClock, **changes: Any) -> ServiceState:
        values: dict[str, Any] = {
            "service_id": name,
            "host": "host",
            "pid": 1,
            "started_at": clock.now,
            "beat_at": clock.now,
            "stopped_at": None,
            "vitals": Vitals(),
            "alive": True,
        }
        return ServiceState(**(values | changes))

    def test_those_that_live_and_those_that_ended_without_a_word_are_shown(self) -> None:
        clock = FakeClock()
        alive = self.state("alive", clock)
        crashed = self.state("crashed", clock, alive=False)
        stopped = self.state("stopped", clock, alive=False, stopped_at=clock.now)
        assert services_to_show([alive, stopped, crashed]) == [alive, crashed]
        clock.advance(hours=2)
        later = self.state("later", clock)
        assert services_to_show([later, alive, crashed]) == [later, alive]
        assert services_to_show([stopped]) == [stopped]
        assert services_to_show([]) == []
