"""Four processes of the site on one PostgreSQL behind a balancer: if one is killed, nobody loses more than a click."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from credentials.model import Unit
from tests.portal.processes import Site, balancing
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, OTHER_LINE, PASSWORD, SECOND, SINGLE, TEMPORARY, Stage
from tests.portal.test_file import GOOD, HEADER, upload
from tests.portal.test_file import store as store_file
from tests.portal.test_one_time import CONFIRMATION, enter, review
from tests.portal.visitor import Visitor, said
from tests.storage.postgresql import Server

pytestmark = pytest.mark.slow

SITES = 4
BROWSERS = 12
CLICKS_AFTER_S = 4.0
READS_S = 0.1
"""How long a person looks at least at a page that did not come. (A process takes some ms to die.)"""
PAGES = ("/", "/numbers", "/password", "/one-time", "/unit", "/history")
NO_CONNECTION_IS_KEPT = httpx.Limits(max_keepalive_connections=0)
"""So each request goes to the next process."""


@pytest.fixture
def shared(tmp_path: Path, postgresql: Server) -> Iterator[Stage]:
    """A stage on PostgreSQL."""
    name = postgresql.create()
    stage = Stage(tmp_path, url=postgresql.url(name))
    yield stage
    stage.close()
    postgresql.drop(name)


@pytest.fixture
def environment(shared: Stage, tmp_path: Path) -> dict[str, str]:
    return {
        "KARIPASS_STATE_DIR": str(tmp_path / "state"),
        "KARIPASS_DATABASE_URL": shared.url,
        "KARIPASS_KEY": shared.key.to_text(),
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_PORT": "1",
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "no-reply@karipass.example.jp",
    }


@pytest.fixture
def sites(environment: dict[str, str], tmp_path: Path) -> Iterator[list[Site]]:
    with ExitStack() as running:
        sites = [Site(tmp_path, **environment) for _ in range(SITES)]
        for site in sites:
            running.callback(site.stop)
        for site in sites:
            site.wait()
        yield sites


@pytest.fixture
def front(sites: list[Site]) -> Iterator[str]:
    with balancing([site.port for site in sites]) as address:
        yield address


class Browser(Visitor):
    """A visitor whose every request goes to the next process."""

    def __init__(self, address: str) -> None:
        super().__init__(address, limits=NO_CONNECTION_IS_KEPT)


def click(browser: Browser, path: str) -> httpx.Response | None:
    """Ask for a page; None if the process ended while it answered."""
    try:
        return browser.get(path)
    except httpx.TransportError:
        return None


def test_nobody_loses_more_than_a_click_when_a_process_is_killed(shared: Stage, sites: list[Site], front: str) -> None:
    numbers = MANY_NUMBERS[:BROWSERS]
    shared.subscribe(*numbers)
    browsers = [Browser(front) for _ in numbers]
    for browser, number in zip(browsers, numbers, strict=True):
        assert browser.log_in(number).status_code == 303
    lost: Counter[str] = Counter()
    clicks: Counter[str] = Counter()
    wrong: list[str] = []
    over = threading.Event()

    def go_on_clicking(browser: Browser, number: str) -> None:
        while not over.is_set():
            path = PAGES[clicks[number] % len(PAGES)]
            answer = click(browser, path)
            clicks[number] += 1
            lost[number] += answer is None
            if answer is None:
                time.sleep(READS_S)
            elif answer.status_code != 200 and path != "/numbers":
                wrong.append(f"{path}: {answer.status_code} {answer.headers.get('location')}")

    threads = [threading.Thread(target=go_on_clicking, args=pair) for pair in zip(browsers, numbers, strict=True)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1.5)
        sites[1].kill()
        time.sleep(CLICKS_AFTER_S)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    print(f"\n{sum(clicks.values())} clicks of {BROWSERS} browsers, {sum(lost.values())} lost to the kill")
    assert wrong == []
    assert max(lost.values()) <= 1
    assert min(clicks.values()) > len(PAGES)
    for browser, number in zip(browsers, numbers, strict=True):
        assert f"{number[:4]}-" in browser.get("/").text or number in browser.get("/").text.replace("-", "")
        browser.close()


def test_what_was_half_done_goes_on_at_the_processes_that_are_left(
    shared: Stage, sites: list[Site], front: str
) -> None:
    """A first login, a change of password and of the unit: each begun before the kill and ended after it."""
    shared.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    shared.subscribe(OTHER_LINE)
    shared.call(SINGLE)
    with Browser(front) as first, Browser(front) as changing, Browser(front) as reviewing:
        assert first.log_in(SINGLE, TEMPORARY).status_code == 303
        renew = {"csrf": first.csrf("/password/renew"), "current": TEMPORARY, "new": PASSWORD, "again": PASSWORD}
        assert changing.log_in().status_code == 303
        unit = {"csrf": changing.csrf("/unit/number"), f"password-{CONTRACT}": PASSWORD}
        assert reviewing.log_in(OTHER_LINE).status_code == 303
        page = enter(reviewing)
        sites[0].kill()
        sites[2].kill()
        assert first.post("/password/renew", data=renew).status_code == 303
        assert first.log_in(SINGLE).headers["location"] == "/"
        assert first.get("/").headers["location"] == "/one-time/choose"
        assert "All logins of this line have ended" in said(changing.post("/unit/number", data=unit))
        stored = review(reviewing, page)
        assert stored.headers["location"] == "/one-time?done=on"
        assert len(shared.mails(OTHER_LINE)) == 1
        assert CONFIRMATION not in "".join(site.log for site in sites)


def test_a_file_is_uploaded_to_one_process_and_stored_by_another_after_the_first_was_killed(
    shared: Stage, sites: list[Site], front: str
) -> None:
    shared.subscribe(MANY)
    with Browser(front) as holder:
        holder.log_in(MANY)
        page = upload(holder, (HEADER + GOOD).encode())
        assert "The settings of 1 numbers would change" in said(page)
        for site in sites[1:]:
            site.kill()
        assert "The settings of 1 numbers would change" in said(holder.get("/one-time/file/rehearsal"))
        assert "The settings of 1 numbers are changed" in said(store_file(holder, page))
