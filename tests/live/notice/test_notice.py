"""Each scenario live: real callers, Asterisk and phones; the verdict in the store, and the mail over real SMTP."""

from __future__ import annotations

import asyncio
import io
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from credentials.secrets.keys import Key, KeyRing
from ivr.lab.hosts.certificates import Certificates
from mail.outbox import Outbox
from mail.settings import MailSettings
from notice.mails.writing import Writer
from notice.reading.reader import Reader
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from notice.store.verdicts import CallLine
from storage.clock import utc_now
from tests.credentials.stores import CHEAP, MANY_CALLS
from tests.live.notice.exchange import exchange_for, journal_of, place_call
from tests.live.notice.ringing_phone import Behaviour, RingingPhone
from tests.mail.post import Post
from tests.mail.smtp_server import serving
from tests.notice.scenarios.scenario import Scenario, all_scenarios

pytestmark = pytest.mark.alone  # in one process: its exchange starts once

SCENARIOS = all_scenarios()
TARGETS = {
    "0312340090": Behaviour(rings_after_s=0.3, then_after_s=1.0),
    "0312340091": Behaviour(rings_after_s=None, status=486),
    "0312340092": Behaviour(rings_after_s=0.3, status=None),
}
PHONES_HOST = "127.0.0.6"
AT_ONCE = 9
TOKYO = ZoneInfo("Asia/Tokyo")
RESULTS = {"answered": "応答あり", "not_answered": "応答なし", "busy": "話し中", "forwarded": "転送"}
REASONS = {"withheld": "非通知", "payphone": "公衆電話", "service_conflict": "サービス競合", "unavailable": "表示圏外"}


@dataclass
class Ran:
    """What came of the calls.

    Attributes:
        started: when each call was placed, by its number.
        lines: what came of it in the store.
        bodies: the mails that came, by their addresses.
        subjects: their subjects.
        mails: the mails as they were received.
    """

    started: dict[str, datetime]
    lines: dict[str, list[CallLine]]
    bodies: dict[str, list[str]]
    subjects: dict[str, str]
    mails: list[EmailMessage]


def address_of(number: str) -> str:
    return f"n{number}@example.jp"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    directory = tmp_path_factory.mktemp("notices")
    keys = KeyRing([Key(bytes(range(32)))])
    started: dict[str, datetime] = {}
    with ExitStack() as running:
        store = running.enter_context(open_store(directory, keys))  # who gets a number later is told nothing
        behaviours = TARGETS | {each.number: Behaviour(**each.phone) for each in SCENARIOS if each.phone is not None}
        phones = {
            number: running.enter_context(RingingPhone(behaviour, PHONES_HOST))
            for number, behaviour in behaviours.items()
        }
        exchange = running.enter_context(exchange_for(directory, SCENARIOS, phones))

        def place(scenario: Scenario) -> None:
            started[scenario.number] = utc_now()
            place_call(exchange, scenario)

        with ThreadPoolExecutor(AT_ONCE) as callers:
            list(callers.map(place, SCENARIOS))
        time.sleep(1.5)
        outbox = Outbox(keys)
        writer = Writer(site="https://settings.example.jp", time_zone=TOKYO)
        reader = Reader(store, journal_of(exchange), "exchange-1", outbox, writer)
        while reader.step():
            pass
        reader.step()
        assert reader.counts.bad_lines == 0
        if "KARIPASS_RECORD_NOTICES" in os.environ:
            record(journal_of(exchange))
        mails = asyncio.run(send(store, keys, directory, reader.counts.letters))
        lines = {each.number: store.calls_of(each.number, outbox) for each in SCENARIOS}
        bodies: dict[str, list[str]] = {}
        for mail in mails:
            bodies.setdefault(str(mail["To"]), []).append(mail.get_content())
        subjects = {str(mail["To"]): str(mail["Subject"]) for mail in mails}
        yield Ran(started, lines, bodies, subjects, mails)


def open_store(directory: Path, keys: KeyRing) -> NoticeStore:
    """Open a store in which every number of the scenarios wants all notices."""
    store = NoticeStore.open(f"sqlite:///{directory / 'store.db'}", key=keys, policy=CHEAP, limits=MANY_CALLS)
    rows = "".join(f"0612345678,{each.number}\n" for each in SCENARIOS)
    store.import_lines(io.StringIO(f"contract_number,number\n{rows}", newline=""))
    with store._database.writing() as connection:
        for each in SCENARIOS:
            chosen = Settings(started=True, addresses=(Address(address=address_of(each.number)),))
            table.replace(connection, each.number, chosen, utc_now())
    return store


async def send(store: NoticeStore, keys: KeyRing, directory: Path, count: int) -> list[EmailMessage]:
    """Send what is in the outbox to a mail server; return what came."""
    certificates = Certificates(directory)
    async with serving(certificates.server_context()) as server:
        settings = MailSettings.load(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_ca_file=certificates.authority,
            mail_from="Karipass <no-reply@karipass.example.jp>",
        )
        async with Post(store._database, keys, settings), asyncio.timeout(60):
            while True:
                await asyncio.sleep(0.5)  # at the last, one mail too many would come now
                if len(server.received) >= count:
                    break
    return [each.mail for each in server.received]


def record(journal: Path) -> None:
    """Keep the journal as those of the scenarios (set KARIPASS_RECORD_NOTICES)."""
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    for scenario in SCENARIOS:
        mine = next(line for line in lines if f"number={scenario.number}&" in line)
        linked = re.search(r'"linkedid":"[^"]*"', mine)
        assert linked is not None
        scenario.recorded.write_text("".join(line for line in lines if linked[0] in line), encoding="utf-8")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_call_has_the_verdict_and_the_mail_that_its_scenario_says(ran: Ran, scenario: Scenario) -> None:
    expected = scenario.expect
    (line,) = ran.lines[scenario.number]
    verdict = line.verdict
    assert (verdict.result.value, line.why.value) == (expected.result, expected.why)
    assert verdict.caller.number == scenario.caller_number
    assert (verdict.caller.reason.value if verdict.caller.reason else "") == expected.reason
    assert verdict.ringing_s is not None
    assert abs(verdict.ringing_s - expected.ringing_s) <= 1
    assert timedelta(0) <= verdict.began_at - ran.started[scenario.number] < timedelta(seconds=5)

    mails = ran.bodies.get(address_of(scenario.number), [])
    if expected.why != "mailed":
        assert mails == []
        return
    number = f"03-1234-{scenario.number[-4:]}"
    who = f"なし（{REASONS[expected.reason]}）" if expected.reason else "045-987-6543"
    moment = verdict.began_at.astimezone(TOKYO)
    (body,) = mails
    assert body.replace("\r\n", "\n").rstrip().split("\n") == [
        f"{number} に着信がありました。",
        "",
        f"着信日時　：{moment.year}年{moment.month}月{moment.day}日 {moment:%H時%M分%S秒}",
        f"発信者番号：{who}",
        f"呼出時間　：{verdict.ringing_s}秒",
        f"着信結果　：{RESULTS[expected.result]}",
        "",
        "お知らせの設定は、こちらで変更できます。",
        "https://settings.example.jp/",
        "",
        "このメールは送信専用のアドレスからお送りしています。ご返信いただいてもお読みできません。",
    ]
    assert ran.subjects[address_of(scenario.number)] == f"着信のお知らせ（{number}）"


def test_whatever_a_caller_sends_all_mails_are_well_formed_and_have_the_same_headers(ran: Ran) -> None:
    assert {tuple(mail.keys()) for mail in ran.mails} == {tuple(ran.mails[0].keys())}
    for mail in ran.mails:
        assert mail.defects == []
        assert all(value.defects == () for value in mail.values())
        assert mail.get_content_type() == "text/plain"
