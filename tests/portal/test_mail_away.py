"""The mail server is away for a minute: codes come when it is back, and say how long they are still good."""

from __future__ import annotations

import asyncio
import html
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.lab.free_ports import free_tcp_ports
from tests.mail import smtp_server
from tests.portal.processes import Command, Site
from tests.portal.stage import CONTRACT, Stage
from tests.portal.test_one_time import ADDRESS, CONFIRMATION, enter, review
from tests.portal.visitor import Visitor

pytestmark = pytest.mark.slow

AWAY_S = 8.0
BACK_WITHIN_S = 10.0
"""An absent server is looked for every 5 s at least."""


@pytest.fixture
def smtp_port() -> int:
    return free_tcp_ports(1)[0]


@pytest.fixture
def environment(stage: Stage, tmp_path: Path, smtp_port: int) -> dict[str, str]:
    return {
        "KARIPASS_STATE_DIR": str(tmp_path / "state"),
        "KARIPASS_DATABASE_URL": stage.url,
        "KARIPASS_KEY": stage.key.to_text(),
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_PORT": str(smtp_port),
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "no-reply@karipass.example.jp",
    }


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[Site, Command]]:
    with ExitStack() as commands:
        site, mail = Site(tmp_path, **environment), Command("mail", folder=tmp_path, **environment)
        commands.callback(site.stop)
        commands.callback(mail.stop)
        site.wait()
        yield site, mail


def ask_for_a_code(stage: Stage, visitor: Visitor) -> str:
    """Choose one-time passwords, log in, and ask for a code; return the page that then asks for it."""
    stage.subscribe(CONTRACT)
    visitor.log_in()
    review(visitor, enter(visitor))
    [link] = re.findall(r"/confirm/\S+", stage.mails()[-1]["body"])
    visitor.fill_in(link)
    visitor.fill_in("/logout", on="/")
    visitor.log_in()
    assert visitor.fill_in("/one-time/code/send", on="/one-time/code").headers["location"] == "/one-time/code"
    return visitor.get("/one-time/code").text


async def test_a_code_comes_when_the_mail_server_is_back_and_letter_and_page_say_until_when_it_is_good(
    stage: Stage, running: tuple[Site, Command], smtp_port: int
) -> None:
    site, mail = running
    with Visitor(f"http://127.0.0.1:{site.port}") as visitor:
        page = await asyncio.to_thread(ask_for_a_code, stage, visitor)
        asked_at = time.monotonic()
        name = re.search(r"</span>([A-Z]{2})</span>", page)
        until = re.search(r"good until (\d\d:\d\d)", html.unescape(page))
        left = re.search(r'data-ends-in="(\d+)"', page)
        assert name is not None
        assert until is not None
        assert left is not None
        assert 290 < int(left[1]) <= 300
        await asyncio.sleep(AWAY_S)
        assert "mail_server_away" in mail.log
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        async with smtp_server.serving(context, starttls=False, port=smtp_port) as server:
            mails = await server.wait_for(2, within_s=BACK_WITHIN_S)  # the address's link, and the code
        [letter] = [each.text for each in mails if each.mail["Subject"] == f"[{name[1]}] One-time password"]
        assert [each.to for each in mails] == [ADDRESS] * 2
        told = re.search(r"Good until\s+(\d+ \w+ \d+, \d\d:\d\d)", letter)
        assert told is not None
        good_until = datetime.strptime(told[1], "%d %B %Y, %H:%M").replace(tzinfo=ZoneInfo("Asia/Tokyo"))
        assert 120 < good_until.timestamp() - time.time() < 300
        assert told[1].endswith(until[1])
        late = await asyncio.to_thread(visitor.get, "/one-time/code")
        left = re.search(r'data-ends-in="(\d+)"', late.text)
        assert left is not None
        assert abs(300 - (time.monotonic() - asked_at) - int(left[1])) < 5
        code = re.search(r"(\d{4}) (\d{4})", letter)
        assert code is not None
        entered = await asyncio.to_thread(visitor.fill_in, "/one-time/code", code=code[1] + code[2])
        assert entered.headers["location"] == "/"
        assert "mail_server_back" in mail.log
        for secret in (code[0], code[1] + code[2], ADDRESS, CONFIRMATION, CONTRACT):
            assert secret not in mail.log + site.log
