"""Many who log in at once, and what they leave to others."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice

import anyio
import httpx
import pytest
from starlette.responses import Response

from ivr.console.login_queue import PLACES, PLACES_OF_ONE, LoginQueue
from ivr.operators import HASHES_AT_ONCE
from ivr.operators.passwords import PasswordHasher
from tests.ivr.console.conftest import Visitor

CLIENTS = 80


class Hashing:
    """Hashes that take until the test lets them go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def __enter__(self) -> Hashing:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()

    def matches(self, _hasher: object, _password: str, _stored: str | None) -> bool:
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
        refused = [one.result() for one in islice(as_completed(answers, timeout=60), CLIENTS - PLACES_OF_ONE)]
        assert {answer.status_code for answer in refused} == {429}
        assert refused[0].headers["retry-after"] == "3"
        assert "Too many are logging in just now" in refused[0].text
        hashing.go_on.set()
        assert sum(future.result().status_code == 403 for future in answers) == PLACES_OF_ONE
        assert visitor.log_in("otto").status_code == 403  # there is a place again


async def test_one_address_leaves_places_for_others_and_all_together_have_so_many() -> None:
    queue, go_on = LoginQueue(), threading.Event()
    served: list[Response | None] = []

    async def log_in(address: str) -> None:
        served.append(await queue.run(address, lambda: Response() if go_on.wait(60) else Response(status_code=500)))

    async with anyio.create_task_group() as group:
        for address in (*["flood"] * 100, *["other"] * 100):
            group.start_soon(log_in, address)
        await anyio.wait_all_tasks_blocked()
        assert served == [None] * (200 - PLACES)
        go_on.set()
    assert len(served) - served.count(None) == PLACES
    assert await queue.run("flood", Response) is not None
