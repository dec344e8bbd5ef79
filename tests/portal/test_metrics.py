"""What the site counts, that nobody is in it, and what a quiet login leaves in the log."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from structlog.testing import capture_logs

from mail.outbox import Backlog, Limit
from portal.metrics import Metrics
from storage.errors import StoreUnavailable
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, PASSWORD, TEMPORARY, Stage
from tests.portal.test_one_time import ADDRESS, CONFIRMATION, uses_codes
from tests.portal.visitor import Visitor


@dataclass
class Watched:
    """A site whose health somebody watches.

    Attributes:
        address: the site's address.
        health: the address of its health pages.
    """

    address: str
    health: str

    def metrics(self) -> str:
        return httpx.get(f"{self.health}/metrics", trust_env=False).text

    def value(self, series: str) -> float:
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.metrics(), re.MULTILINE)
        assert found is not None, series
        return float(found[1])


@pytest.fixture
def watched(stage: Stage) -> Iterator[Watched]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        serving(stage.config(), health=listener) as address,
    ):
        yield Watched(address, f"http://127.0.0.1:{listener.getsockname()[1]}")


@pytest.fixture
def visitor(watched: Watched) -> Iterator[Visitor]:
    with Visitor(watched.address) as visitor:
        yield visitor


def test_logins_are_counted_by_their_verdict(stage: Stage, watched: Watched, visitor: Visitor) -> None:
    assert watched.value('karipass_site_logins_total{verdict="ACCEPTED"}') == 0
    stage.subscribe(CONTRACT)
    visitor.log_in(secret="wrong999")
    visitor.log_in("0399999999")
    visitor.log_in()
    for verdict, times in (("ACCEPTED", 1), ("WRONG", 1), ("UNKNOWN", 1), ("BRAKED", 0)):
        assert watched.value(f'karipass_site_logins_total{{verdict="{verdict}"}}') == times


def test_codes_and_refused_mails_are_counted_and_nothing_of_them_is_shown(
    stage: Stage, watched: Watched, visitor: Visitor
) -> None:
    stage.subscribe(CONTRACT)
    visitor.log_in()
    uses_codes(stage, visitor)
    [link] = re.findall(r"/confirm/(\S+)", stage.mails()[-1]["body"])
    while visitor.fill_in("/one-time/code/send", on="/one-time/code").status_code == 303:
        pass
    sent, refused = len(stage.mails()) - 1, watched.value('karipass_site_mails_refused_total{limit="number"}')
    refused += watched.value('karipass_site_mails_refused_total{limit="address"}')
    assert sent > 0
    assert watched.value("karipass_site_codes_sent_total") == sent
    assert refused + watched.value('karipass_site_mails_refused_total{limit="client"}') == 1
    code = re.search(r"\d{4} \d{4}", stage.mails()[-1]["body"])
    assert code is not None
    page = watched.metrics()
    for secret in (CONTRACT, PASSWORD, ADDRESS, link, code[0], CONFIRMATION, "127.0.0.1"):
        assert secret not in page


def test_requests_are_timed_by_the_first_part_of_a_path_that_is_ours(watched: Watched, visitor: Visitor) -> None:
    for path in ("/login", f"/numbers/{CONTRACT}", f"/{CONTRACT}", "/confirm/a-secret", "/"):
        visitor.get(path)
    for area, status in (("login", "2xx"), ("numbers", "3xx"), ("other", "4xx"), ("menu", "3xx")):
        assert watched.value(f'karipass_site_request_seconds_count{{area="{area}",status="{status}"}}') == 1
    page = watched.metrics()
    assert CONTRACT not in page
    assert "a-secret" not in page


def test_which_mails_wait_is_read_when_it_is_asked_and_nobody_knows_it_while_the_store_is_away(stage: Stage) -> None:
    answers: list[Backlog | StoreUnavailable] = [
        Backlog(waiting=0, oldest_s=0.0),
        Backlog(waiting=3, oldest_s=41.5),
        StoreUnavailable("the store is away"),
        Backlog(waiting=1, oldest_s=2.0),
    ]

    def backlog() -> Backlog:
        answer = answers.pop(0)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer

    config = stage.config(mail_backlog=backlog)
    with socket.create_server(("127.0.0.1", 0)) as listener, serving(config, health=listener) as address:
        watched = Watched(address, f"http://127.0.0.1:{listener.getsockname()[1]}")
        for up, waiting, oldest_s in ((1, "0.0", "0.0"), (1, "3.0", "41.5"), (0, "NaN", "NaN"), (1, "1.0", "2.0")):
            page = watched.metrics()
            assert f"karipass_site_store_up {up}.0" in page
            assert f"karipass_site_mails_waiting {waiting}" in page
            assert f"karipass_site_oldest_mail_seconds {oldest_s}" in page


def test_strangers_see_no_metrics(watched: Watched, visitor: Visitor) -> None:
    assert visitor.get("/metrics").status_code == 404
    assert visitor.get("/healthz").json() == {"store": "connected"}
    assert httpx.get(f"{watched.health}/healthz", trust_env=False).json() == {"store": "connected"}


def test_a_quiet_login_is_two_lines_of_log_without_the_number(stage: Stage, visitor: Visitor) -> None:
    stage.subscribe(CONTRACT)
    with capture_logs() as lines:
        visitor.log_in()
        visitor.get("/")
        visitor.fill_in("/logout", on="/")
    assert [line["event"] for line in lines] == ["login_accepted", "logged_out"]
    for secret in (CONTRACT, PASSWORD, TEMPORARY):
        assert secret not in str(lines)


def test_a_site_that_nobody_asked_yet_has_each_series() -> None:
    page = Metrics().page().decode()
    assert all(f'limit="{limit}"' in page for limit in Limit)
    assert "karipass_site_codes_sent_total 0.0" in page
