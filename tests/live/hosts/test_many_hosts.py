"""Two hosts behind a SIP proxy, with one database: what callers notice when a part of it dies, and that nobody who is
not trusted gets in. All tests share one house, and leave it as they found it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing

import pytest

from ivr.lab.hosts.many_hosts import CALLERS, STRANGER, ManyHosts
from ivr.lab.hosts.phones import PhoneCallPlan, PhoneResult, Phones
from prompts import home
from tests.live.brisk import LANGUAGE, write_brisk_guidance
from tests.live.hosts.raw_sip import request, send
from tests.live.house import new_password

pytestmark = [pytest.mark.alone, pytest.mark.needs("kamailio", "nftables", "postgresql")]

NUMBERS = [f"045123{n:04d}" for n in range(60)]
OUT_WITHIN_S = 15.0
BACK_WITHIN_S = 20.0
TYPING_S = 6.5
"""So long after the answer the password is typed twice and stored, and the caller hangs up."""

CALLS_OF_A_SERVICE = 8
APART_S = 0.05
"""The proxy's processes do not see each other's choices of the same moment."""


class Crowd:
    """Callers, each with a line and a password of their own."""

    def __init__(self, house: ManyHosts, phones: Phones) -> None:
        self._house = house
        self._phones = phones
        self._numbers = iter(NUMBERS)
        self._passwords: dict[str, str] = {}

    def call(self, count: int) -> list[tuple[str, Future[PhoneResult]]]:
        """Start calls of people who set a password each."""
        calls = []
        for number in itertools.islice(self._numbers, count):
            password = self._passwords[number] = new_password()
            plan = PhoneCallPlan(caller=number, entries=("1", password, password), stays_s=TYPING_S)
            calls.append((number, self._phones.call(plan)))
            time.sleep(APART_S)
        return calls

    def look(self, count: int, *, stay_s: float = 0.5) -> list[Future[PhoneResult]]:
        """Start calls of people who only hear whether somebody answers."""
        numbers = itertools.islice(self._numbers, count)
        return [self._phones.call(PhoneCallPlan(caller=number, stays_s=stay_s)) for number in numbers]

    def opened(self, calls: Sequence[tuple[str, Future[PhoneResult]]]) -> list[bool]:
        """Wait for the calls' ends; whether the password that each typed opens the settings site."""
        for _, call in calls:
            call.result(timeout=60)
        with closing(self._house.store()) as store:
            return [
                store.log_in(number, self._passwords[number], session_id="test").verdict.accepted for number, _ in calls
            ]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyHosts]:
    directory = tmp_path_factory.mktemp("hosts")
    own = directory / "guidance"
    write_brisk_guidance(own)
    settings = {"KARIPASS_PROMPTS_DIR": str(own), "KARIPASS_CALLS": str(CALLS_OF_A_SERVICE)}
    with ManyHosts(directory, settings=settings, sounds=home(LANGUAGE, own) / "audio") as house:
        house.import_lines("contract_number,number\n" + "".join(f"{number},\n" for number in NUMBERS))
        yield house


@pytest.fixture(scope="module")
def crowd(house: ManyHosts) -> Iterator[Crowd]:
    with house.phones() as phones:
        yield Crowd(house, phones)


def until(condition: Callable[[], bool], within_s: float) -> float:
    """Wait until a condition holds; returns after how many seconds it did."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < within_s, f"not within {within_s} s"
        time.sleep(0.05)
    return time.monotonic() - start


def exchange_calls(house: ManyHosts) -> dict[str, int]:
    return {name: host.exchange.calls for name, host in house.hosts.items()}


def service_calls(house: ManyHosts) -> dict[str, int]:
    return {name: host.service.calls for name, host in house.hosts.items()}


def test_calls_are_spread_over_the_hosts_and_all_passwords_are_in_the_one_store(house: ManyHosts, crowd: Crowd) -> None:
    assert crowd.opened(crowd.call(8)) == [True] * 8
    assert exchange_calls(house) == service_calls(house) == {"a": 4, "b": 4}


def test_a_stranger_who_asserts_a_number_is_refused(house: ManyHosts) -> None:
    before = exchange_calls(house)
    with house.phones(STRANGER) as phones:
        result = phones.call(PhoneCallPlan(caller=NUMBERS[0])).result(timeout=30)
    assert "403" in result.refusal
    assert exchange_calls(house) == before


ASSERTED = f"P-Asserted-Identity: <sip:{NUMBERS[0]}@carrier.example>"


def test_a_stranger_gets_no_request_past_the_proxy_however_it_is_written(house: ManyHosts) -> None:
    host, (proxy, _) = house.network.address("a"), house.proxy.address
    route = f"Route: <sip:{proxy};lr>"
    for text in (
        request("INVITE", host, headers=[ASSERTED]),
        request("INVITE", host, headers=[ASSERTED, route], to_tag="of-no-call"),
        request("BYE", host, headers=[route], to_tag="of-no-call"),
        request("REGISTER", host),
    ):
        assert send(house, STRANGER, text).startswith("SIP/2.0 403 ")
    assert send(house, STRANGER, request("OPTIONS", proxy)).startswith("SIP/2.0 200 ")
    straight = send(house, STRANGER, request("INVITE", host, headers=[ASSERTED]), to=(host, 5060))
    assert straight.startswith("SIP/2.0 401 ")  # Asterisk trusts the proxy's address alone


def test_the_proxys_log_quotes_no_message(house: ManyHosts) -> None:
    keys = "Signal=8\nDuration=24681357\n"
    host = house.network.address("a")
    whole = request("INFO", host, to_tag="of-no-call", body=keys)
    broken = [
        request("INFO", host, to_tag="of-no-call", body=keys, cseq="x"),
        request("INFO", host, to_tag="of-no-call", body=keys, headers=["Route: <"]),
        whole.replace("Via: ", "Away: "),
        whole.replace("From: <", "From: <<<"),
        whole.replace("SIP/2.0\n", "\n", 1),
        keys,
    ]
    for text in (whole, *broken):
        for node in (CALLERS, STRANGER):
            send(house, node, text, waits=False)
    send(house, CALLERS, request("OPTIONS", house.proxy.address[0]))  # the proxy has read the others
    logged = house.proxy.log.read_text(encoding="utf-8", errors="replace")
    assert "24681357" not in logged
    assert "Signal" not in logged
    assert "of-no-call" not in logged


def test_a_drained_host_gets_no_new_call_and_its_calls_end_by_themselves(house: ManyHosts, crowd: Crowd) -> None:
    earlier = crowd.call(4)
    until(lambda: house.host("b").exchange.calls_now == 2, 3.0)
    before = exchange_calls(house)
    house.proxy.drain("b")
    later = crowd.call(4)
    assert crowd.opened([*earlier, *later]) == [True] * 8
    after = exchange_calls(house)
    assert (after["a"] - before["a"], after["b"] - before["b"]) == (4, 0)
    # Several pings have been answered meanwhile: they do not give it calls again.
    assert house.proxy.states()["b"].startswith("D")
    house.proxy.fill("b")
    assert house.proxy.gives_calls_to("b")


def test_while_no_host_takes_calls_the_caller_is_asked_to_wait(house: ManyHosts, crowd: Crowd) -> None:
    for name in house.hosts:
        house.proxy.drain(name)
    [call] = crowd.look(1)
    result = call.result(timeout=30)
    for name in house.hosts:
        house.proxy.fill(name)
    assert "503" in result.refusal
    assert "Retry-After: 10" in result.refusal


def test_calls_to_a_host_whose_service_is_killed_are_answered_by_the_other_hosts_service(
    house: ManyHosts, crowd: Crowd
) -> None:
    before, exchanges = service_calls(house), exchange_calls(house)
    house.proxy.drain("b")
    service = house.host("a").service
    service.kill()
    calls = crowd.call(3)
    house.proxy.fill("b")
    service.begin_start()
    assert crowd.opened(calls) == [True] * 3
    for _, call in calls:
        answered_s = call.result().answered_s
        assert answered_s is not None
        assert answered_s < 1.9
    assert exchange_calls(house)["a"] - exchanges["a"] == 3
    after = service_calls(house)
    assert (after["a"] - before["a"], after["b"] - before["b"]) == (0, 3)
    service.wait()


def test_whom_a_crowded_service_turns_away_the_other_hosts_service_takes(house: ManyHosts, crowd: Crowd) -> None:
    before = service_calls(house)
    house.proxy.drain("a")
    results = [call.result(timeout=30) for call in crowd.look(CALLS_OF_A_SERVICE + 2, stay_s=2.0)]
    house.proxy.fill("a")
    assert not [result for result in results if result.answered_s is None or result.by_exchange]
    after = service_calls(house)
    assert (after["a"] - before["a"], after["b"] - before["b"]) == (2, CALLS_OF_A_SERVICE)


def test_a_service_that_is_frozen_costs_a_caller_some_seconds_and_the_next_one_nothing(
    house: ManyHosts, crowd: Crowd
) -> None:
    house.proxy.drain("a")
    frozen = house.host("b").service
    frozen.freeze()
    try:
        first = crowd.look(1)[0].result(timeout=30).answered_s
        second = crowd.look(1)[0].result(timeout=30).answered_s
    finally:
        frozen.thaw()
        house.proxy.fill("a")
    assert first is not None
    assert 3.5 < first < 12.0
    assert second is not None
    assert second < 3.0


def test_an_asterisk_that_is_killed_is_out_within_seconds_and_back_after_its_restart(
    house: ManyHosts, crowd: Crowd
) -> None:
    there = crowd.call(4)
    exchange = house.host("a").exchange
    until(lambda: exchange.calls_now == 2, 3.0)
    exchange.kill()
    died = time.monotonic()
    later = crowd.call(4)
    until(lambda: not house.proxy.gives_calls_to("a"), OUT_WITHIN_S - (time.monotonic() - died))
    exchange.start()
    until(lambda: house.proxy.gives_calls_to("a"), BACK_WITHIN_S)
    assert sum(crowd.opened(there)) == 2  # those that the other host had
    assert crowd.opened(later) == [True] * 4
    for _, call in later:
        answered_s = call.result().answered_s
        assert answered_s is not None
        assert answered_s < 8.0  # the proxy waits 2 s for a dead one
