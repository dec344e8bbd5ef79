"""Many log in at once, and leave room for others."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from ipaddress import ip_network
from itertools import islice

import anyio
import httpx
import pytest
import structlog
from anyio.abc import TaskGroup
from starlette.responses import Response

from console.operators import HASHES_AT_ONCE
from console.operators.passwords import PasswordHasher
from console.operators.tries import FAILURES
from tests.console.server import serving
from tests.console.stage import Stage
from tests.console.visitor import Visitor
from web.login_queue import PLACES, LoginQueue, Source

CLIENTS = 80
SERVED = PLACES + HASHES_AT_ONCE


class Hashing:
    """Hashes that wait until the test lets them go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def __enter__(self) -> Hashing:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()

    def matches(self, _hasher: object, _name: str, _password: str, _stored: str | None) -> bool:
        self.begun.release()
        assert self.go_on.wait(60)
        return False


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Hashing:
    hashing = Hashing()
    monkeypatch.setattr(PasswordHasher, "matches", lambda *words: hashing.matches(*words))
    return hashing


def test_however_many_log_in_other_pages_are_served_and_who_is_too_many_is_told_so(
    address: str, hashing: Hashing
) -> None:
    with Visitor(base_url=address) as visitor, ThreadPoolExecutor(CLIENTS) as pool, hashing:
        token = visitor.csrf("/login")
        cookies = {"karipass": visitor.cookies["karipass"]}

        def log_in(place: int) -> httpx.Response:
            form = {"csrf": token, "name": f"nobody-{place}", "password": "wrong horse battery"}
            return httpx.post(
                f"{address}/login", data=form, cookies=cookies, headers={"accept-language": "en"}, timeout=60
            )

        answers: list[Future[httpx.Response]] = [pool.submit(log_in, place) for place in range(CLIENTS)]
        for _ in range(HASHES_AT_ONCE):
            assert hashing.begun.acquire(timeout=60)
        assert visitor.get("/healthz").status_code == 200
        assert visitor.get("/login").status_code == 200
        refused = [one.result() for one in islice(as_completed(answers, timeout=60), CLIENTS - SERVED)]
        assert {answer.status_code for answer in refused} == {429}
        assert refused[0].headers["retry-after"] == "3"
        assert "Too many are logging in just now" in refused[0].text
        hashing.go_on.set()
        assert sum(future.result().status_code == 403 for future in answers) == SERVED
        assert visitor.log_in("otto").status_code == 403  # there is a place again


class Crowd:
    """Tries that wait in a queue; records which are served, in which order, and which are turned away."""

    def __init__(self) -> None:
        self.queue = LoginQueue(1)  # one at once, so that the order is one
        self.go_on = threading.Event()
        self.served: list[str] = []
        self.turned_away: list[str] = []

    async def log_in(self, name: str, known: bool = False) -> None:
        def serve() -> Response:
            assert self.go_on.wait(60)
            self.served.append(name)
            return Response()

        if await self.queue.run(Source(name, known), serve) is None:
            self.turned_away.append(name)

    async def come(self, group: TaskGroup, *names: str, known: bool = False) -> None:
        """Come one after the other."""
        for name in names:
            group.start_soon(self.log_in, name, known)
            await anyio.wait_all_tasks_blocked()


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


async def test_so_many_wait_and_who_is_too_many_is_turned_away(crowd: Crowd) -> None:
    async with anyio.create_task_group() as group:
        await crowd.come(group, *["flood"] * 100)
        assert crowd.turned_away == ["flood"] * (99 - PLACES)
        crowd.go_on.set()
    assert len(crowd.served) == PLACES + 1
    await crowd.log_in("flood")
    assert len(crowd.served) == PLACES + 2


async def test_two_that_flood_give_places_up_and_addresses_have_their_turns(crowd: Crowd) -> None:
    async with anyio.create_task_group() as group:
        await crowd.come(group, *["flood", "river"] * 50, "one", "other", "one")
        waiting = 100 - len(crowd.turned_away) + 3
        assert waiting == PLACES + 1
        assert set(crowd.turned_away) == {"flood", "river"}
        crowd.go_on.set()
    assert crowd.served[:7] == ["flood", "river", "flood", "one", "other", "river", "flood"]
    assert crowd.served.count("one") == 2
    assert len(crowd.served) == PLACES + 1


async def test_where_each_has_one_place_who_comes_later_is_turned_away(crowd: Crowd) -> None:
    async with anyio.create_task_group() as group:
        await crowd.come(group, *(f"address {place}" for place in range(PLACES + 1)), "late")
        assert crowd.turned_away == ["late"]
        crowd.go_on.set()


async def test_a_known_browser_waits_for_no_more_than_one_stranger_and_keeps_none_out(crowd: Crowd) -> None:
    async with anyio.create_task_group() as group:
        await crowd.come(group, *(f"address {place}" for place in range(100)))
        await crowd.come(group, *["stolen"] * 100, "browser", known=True)
        assert "browser" not in crowd.turned_away
        crowd.go_on.set()
    place = crowd.served.index("browser")
    assert place <= 5
    assert [name.partition(" ")[0] for name in crowd.served[1:5]] in (
        ["stolen", "address", "browser", "address"],
        ["stolen", "address", "stolen", "address"],
    )


async def test_who_goes_away_leaves_the_place_to_another(crowd: Crowd) -> None:
    async with anyio.create_task_group() as group:
        await crowd.come(group, "first")
        async with anyio.create_task_group() as leaving:
            await crowd.come(leaving, *["gone"] * PLACES)
            leaving.cancel_scope.cancel()
        await crowd.come(group, "next")
        crowd.go_on.set()
    assert crowd.served == ["first", "next"]
    assert crowd.turned_away == []


ROUNDS = 15


def from_address(address: str, own: str) -> Visitor:
    """Return a visitor from its own address: all of 127/8 is this host."""
    return Visitor(base_url=address, transport=httpx.HTTPTransport(local_address=own))


def test_a_known_browser_and_a_third_address_log_in_each_time_while_two_addresses_ask_without_end(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches, full, stop = PasswordHasher.matches, threading.Semaphore(0), threading.Event()

    def slow(hasher: PasswordHasher, name: str, password: str, stored: str | None) -> bool:
        stop.wait(0.02)
        return matches(hasher, name, password, stored)

    def flood(place: int) -> None:
        with from_address(address, f"127.0.0.{2 + place % 2}") as client:
            form = {"csrf": client.csrf("/login"), "name": f"nobody-{place}", "password": "wrong horse battery"}
            while not stop.is_set():
                if client.post("/login", data=form).status_code == 429:
                    full.release()

    with from_address(address, "127.0.0.4") as known, ThreadPoolExecutor(40) as pool:
        assert known.log_in("otto").status_code == 303
        monkeypatch.setattr(PasswordHasher, "matches", slow)
        floods = [pool.submit(flood, place) for place in range(40)]
        answers = []
        try:
            for _ in range(ROUNDS):
                assert full.acquire(timeout=60)  # all places are taken
                known.fill_in("/logout")
                with from_address(address, "127.0.0.5") as stranger:
                    answers += [known.log_in("otto").status_code, stranger.log_in("ada").status_code]
        finally:
            stop.set()
        for future in floods:
            future.result()
    assert answers == [303, 303] * ROUNDS


@pytest.mark.parametrize(("proxies", "answer"), [([], 403), ([ip_network("127.0.0.0/8")], 303)])
def test_behind_a_trusted_proxy_each_client_has_tries_of_its_own(
    stage: Stage, proxies: list[object], answer: int
) -> None:
    with serving(stage.config(proxies=proxies)) as address, Visitor(base_url=address) as visitor:
        visitor.headers["x-forwarded-for"] = "203.0.113.9, 2001:db8::1"
        for _ in range(FAILURES):
            assert visitor.log_in("otto", "wrong horse battery").status_code == 403
        visitor.headers["x-forwarded-for"] = "203.0.113.9, 2001:db8::ffff"  # another address of the same client
        assert visitor.log_in("otto").status_code == 403
        visitor.headers["x-forwarded-for"] = "2001:db8::1, 203.0.113.9"
        assert visitor.log_in("otto").status_code == answer


async def test_a_flood_is_one_line_of_the_log_and_a_browsers_secret_is_in_none(crowd: Crowd) -> None:
    with structlog.testing.capture_logs() as lines:
        async with anyio.create_task_group() as group:
            await crowd.come(group, *["flood"] * 100)
            await crowd.come(group, *["mark"] * 100, known=True)
            crowd.go_on.set()
    assert [line["sources"] for line in lines] == [{"flood": 1}]
    assert "mark" not in str(lines)
