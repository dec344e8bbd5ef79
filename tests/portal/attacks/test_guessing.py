"""Guessing from many addresses: one-time codes, passwords, and mails that nobody wants."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import Connection

from credentials.model import Unit
from credentials.one_time.model import LinkToSend
from credentials.rules import CODE_TRIES
from credentials.sides.one_time_side import Confirmation
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, MANY_NUMBERS, PASSWORD, Stage
from tests.portal.visitor import Visitor, said

ADDRESSES = [f"198.51.100.{place}" for place in range(100)]
OF_ONE_NETWORK = [f"2001:db8:0:7::{place:x}" for place in range(100)]
CODES_OF_A_DAY = 20
CODES_AT_ONCE = 5
MAILS_OF_A_NETWORK = 20
TRIES_OF_A_NETWORK = 10


@pytest.fixture
def behind_a_proxy(stage: Stage) -> Iterator[str]:
    """Return the address of a site that believes what its visitors say of their addresses."""
    with serving(stage.config(proxies=[ip_network("127.0.0.0/8")])) as address:
        yield address


def visitors_from(networks: Iterable[str], site: str) -> Iterator[Visitor]:
    """Yield one visitor after the other; each has an address of its own, and no cookie of the one before."""
    with Visitor(site) as visitor:
        for network in networks:
            visitor.cookies.clear()
            visitor.headers["x-forwarded-for"] = network
            yield visitor


def use_codes(stage: Stage, *numbers: str) -> None:
    """Have each number use one-time passwords, at an address of its own."""
    tokens: list[str] = []

    def write(_connection: Connection, link: LinkToSend) -> None:
        tokens.append(link.token)

    for number in numbers:
        session_id = str(stage.store.start_session(number, PASSWORD).session_id)
        confirmation = Confirmation("Kakunin77", "himitsu42")
        stage.store.use_one_time_password(session_id, f"n{number}@example.jp", confirmation, write)
        stage.store.confirm_address(tokens[-1])


def code_in(stage: Stage, number: str) -> str:
    found = re.search(r"(\d{4}) (\d{4})", stage.mails(number)[-1]["body"])
    assert found is not None
    return found[1] + found[2]


def guess(visitor: Visitor, stage: Stage, *, guesses: int = CODE_TRIES + 1) -> None:
    """Do what a thief of the password does: have a code sent, and guess it, more often than a code allows."""
    assert visitor.log_in().status_code == 303
    csrf = visitor.csrf("/one-time/code")
    visitor.post("/one-time/code/send", data={"csrf": csrf})
    right = code_in(stage, CONTRACT)
    for step in range(1, guesses + 1):
        visitor.post("/one-time/code", data={"csrf": csrf, "code": f"{(int(right) + step) % 10**8:08}"})


def verdicts(stage: Stage, action: str) -> Counter[str]:
    records = (record for record in stage.store.audit_records() if record.action == action)
    return Counter(record.detail.partition(",")[0] for record in records)


@pytest.mark.both_databases
def test_codes_that_are_guessed_from_100_addresses_at_once_are_judged_5_times_each(
    stage: Stage, behind_a_proxy: str
) -> None:
    stage.subscribe(CONTRACT)
    use_codes(stage, CONTRACT)
    for place, thief in enumerate(visitors_from(ADDRESSES, behind_a_proxy)):
        guess(thief, stage, guesses=CODE_TRIES + 1 if place < CODES_AT_ONCE else 1)
    sent = len(stage.mails())
    assert sent == CODES_AT_ONCE
    assert verdicts(stage, "ONE_TIME_CODE_PROOF")["WRONG"] == CODE_TRIES * sent
    for owner in visitors_from(["203.0.113.1"], behind_a_proxy):
        owner.log_in()
        refused = owner.fill_in("/one-time/code", code=code_in(stage, CONTRACT))
        assert "No one-time password is good" in said(refused)
        stage.later += timedelta(minutes=11)  # nobody is shut out for longer than mails are limited
        assert owner.fill_in("/one-time/code/send", on="/one-time/code").status_code == 303
        assert owner.fill_in("/one-time/code", code=code_in(stage, CONTRACT)).headers["location"] == "/"
        assert "One-time password" in said(owner.get("/history"))


@pytest.mark.slow
def test_who_guesses_from_100_addresses_all_day_gets_20_codes_and_100_guesses(
    stage: Stage, behind_a_proxy: str
) -> None:
    stage.subscribe(CONTRACT)
    use_codes(stage, CONTRACT)
    for thief in visitors_from(ADDRESSES, behind_a_proxy):
        stage.later += timedelta(minutes=14)
        guess(thief, stage)
    assert len(stage.mails()) == CODES_OF_A_DAY
    assert verdicts(stage, "ONE_TIME_CODE_PROOF")["WRONG"] == CODE_TRIES * CODES_OF_A_DAY


def test_passwords_that_are_guessed_from_100_addresses_of_one_network_are_judged_10_times(
    stage: Stage, behind_a_proxy: str
) -> None:
    stage.subscribe(*MANY_NUMBERS[:3])
    for place, stranger in enumerate(visitors_from(OF_ONE_NETWORK, behind_a_proxy)):
        assert stranger.log_in(MANY_NUMBERS[place % 40], "guess9999").status_code in (403, 429)
    judged = verdicts(stage, "LOGIN")
    assert judged["WRONG"] + judged["UNKNOWN"] == TRIES_OF_A_NETWORK
    assert judged["BRAKED"] == len(OF_ONE_NETWORK) - TRIES_OF_A_NETWORK
    for owner in visitors_from(["2001:db8:0:8::1"], behind_a_proxy):
        assert owner.log_in(MANY_NUMBERS[0]).status_code == 303


def test_a_network_that_asks_for_the_codes_of_many_numbers_gets_20_mails(stage: Stage, behind_a_proxy: str) -> None:
    numbers = MANY_NUMBERS[:25]
    stage.subscribe(*numbers)
    use_codes(stage, *numbers)
    floods = visitors_from(OF_ONE_NETWORK, behind_a_proxy)
    for place, (number, flood) in enumerate(zip(numbers, floods, strict=False)):
        flood.log_in(number)
        answer = flood.fill_in("/one-time/code/send", on="/one-time/code")
        assert answer.status_code == (303 if place < MAILS_OF_A_NETWORK else 429)
    assert sum(len(stage.mails(number)) for number in numbers) == MAILS_OF_A_NETWORK


@pytest.mark.both_databases
def test_one_victim_gets_5_mails_from_however_many_numbers_and_networks(stage: Stage, behind_a_proxy: str) -> None:
    numbers = MANY_NUMBERS[:9]
    stage.subscribe(*numbers)
    statuses = []
    for place, (number, flood) in enumerate(zip(numbers, visitors_from(ADDRESSES, behind_a_proxy), strict=False)):
        victim = ("Victim@example.jp", "victim+1@example.jp", f"victim+{number}@EXAMPLE.jp")[place % 3]
        flood.log_in(number)
        fields = {"address": victim, "confirmation-id": "Kakunin77", "confirmation-password": "himitsu42"}
        page = flood.fill_in("/one-time/use", **fields)
        mark = re.search(r'name="reviewed" value="(\w+)"', page.text)
        assert mark is not None
        statuses.append(flood.fill_in("/one-time/use", **fields, reviewed=mark[1]).status_code)
    assert statuses.count(303) == CODES_AT_ONCE
    assert set(statuses[CODES_AT_ONCE:]) == {429}
    assert sum(len(stage.mails(number)) for number in numbers) == CODES_AT_ONCE


def test_an_administrator_cannot_flood_an_address_by_the_numbers_of_the_line(stage: Stage, behind_a_proxy: str) -> None:
    stage.subscribe(*MANY_NUMBERS[:8], unit=Unit.ADMIN_USER)
    use_codes(stage, *MANY_NUMBERS[1:8])
    for admin in visitors_from(["198.51.100.1"], behind_a_proxy):
        admin.log_in(MANY_NUMBERS[0])
        pages = [f"/numbers/{number}/one-time/address" for number in MANY_NUMBERS[1:8]]
        statuses = [admin.fill_in(page, address="victim@example.jp").status_code for page in pages]
    assert statuses == [303] * CODES_AT_ONCE + [429] * 2
