"""The service among hostile peers, under a load of calls, and during shutdown."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from credentials.model import LoginVerdict
from tests.live.callers.media import KeyPath, Press
from tests.live.callers.phone import Caller, EndedBy
from tests.live.house import House, new_password

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")


def test_a_call_completes_among_port_scans_garbage_and_half_open_connections(house: House) -> None:
    password = new_password()
    half_open = []
    presses = [Press(keys="1", after_s=2.0), Press(keys=password, after_s=1.0), Press(keys=password, after_s=1.0)]
    house.mark_log()
    call = house.trunk.start(CALLER, presses, hang_up_after_s=12.0)
    house.wait_for_log(b"call_began")
    for port in (house.ports["agi_port"], house.ports["audiosocket_port"]):
        for garbage in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 70000, b"\x01\x00\x10" + bytes(16), b"agi_x: y\n"):
            for _ in range(10):
                with socket.create_connection(("127.0.0.1", port)) as peer:
                    try:
                        peer.sendall(garbage)
                    except OSError:
                        continue  # it was thrown out already: as it should be
        half_open += [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
    result = call.wait()
    for peer in half_open:
        peer.close()
    assert result.completed
    assert house.check("0312345678", password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []
    assert b"Traceback" not in house.service_log()
    assert b"agi_handler_failed" not in house.service_log()


STAY_S = 55.0
"""Fifty hashes at once make a queue: these callers wait until they have heard that the password is set."""


@pytest.mark.alone
@pytest.mark.crowd
def test_fifty_callers_at_once_set_fifty_passwords(house: House) -> None:
    numbers = [f"04512300{n:02d}" for n in range(50)]
    house.import_lines("contract_number,number\n" + "".join(f"{number},\n" for number in numbers))
    passwords = {number: new_password() for number in numbers}

    def call(number: str, password: str) -> EndedBy | None:
        caller = Caller(number=number, asserted=f"sip:{number}@carrier.example")
        presses = [Press(keys="1", after_s=2.0), Press(keys=password, after_s=1.0), Press(keys=password, after_s=1.0)]
        keys = KeyPath.IN_BAND if int(number) % 2 else KeyPath.EVENTS
        return house.trunk.call(caller, presses, keys=keys, hang_up_after_s=STAY_S).ended_by

    with ThreadPoolExecutor(len(numbers)) as callers:
        endings = list(callers.map(call, passwords.keys(), passwords.values()))
    assert None not in endings
    with house.store() as store:
        opened = [
            number
            for number, password in passwords.items()
            if store.log_in(number, password, session_id="t").verdict.accepted
        ]
    assert opened == numbers, house.ivr("report").stdout + house.complaints()
    assert house.places_with(list(passwords.values())) == []


def test_a_service_that_is_told_to_stop_lets_the_call_end_first(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        password = new_password()
        presses = [Press(keys="1", after_s=3.0), Press(keys=password, after_s=1.0), Press(keys=password, after_s=1.0)]
        call = house.trunk.start(CALLER, presses, hang_up_after_s=12.0)
        house.wait_for_log(b"call_began")
        house.signal_service(signal.SIGTERM)
        house.wait_for_log(b"stopping")
        assert call.wait().completed
        assert house.check("0312345678", password) is LoginVerdict.ACCEPTED
        assert house.wait_for_service() == 0


def test_the_call_command_shows_the_call_and_how_it_ended(house: House) -> None:
    password = new_password()
    shown = house.ivr("call", "--from", "0312345678", "--keys", f"1 {password} {password}", "--ahead")
    assert shown.returncode == 0, shown.stderr
    assert "outcome   set" in shown.stdout
    assert "仮パスワードを設定しました" in shown.stdout
    assert password not in shown.stdout
    assert house.check("0312345678", password) is LoginVerdict.ACCEPTED


def test_the_call_command_tells_a_refusal_by_its_exit_status(house: House) -> None:
    shown = house.ivr("call", "--from", "0399999999", "--keys", "1")
    assert shown.returncode == 1
    assert "outcome   refused" in shown.stdout


def test_two_test_calls_of_one_number_at_once_each_tell_their_own_outcome(house: House) -> None:
    password = new_password()
    whole = ("--keys", f"1 {password} {password}", "--ahead")
    with ThreadPoolExecutor(2) as both:
        calls = [both.submit(house.ivr, "call", *how) for how in (("--from", "0312345678", *whole), ("--withheld",))]
    (right, withheld) = [call.result() for call in calls]
    assert "outcome   set" in right.stdout
    assert "outcome   refused" in withheld.stdout


def test_the_call_command_says_which_port_does_not_answer(house: House) -> None:
    environment, house.environment = house.environment, {**house.environment, "KARIPASS_AMI_PORT": "1"}
    try:
        shown = house.ivr("call", "--from", "0312345678", "--keys", "1")
    finally:
        house.environment = environment
    assert shown.returncode == 1
    assert "KARIPASS_AMI_PORT" in shown.stderr
    assert "Traceback" not in shown.stderr


def wait_until_closed(peer: socket.socket, seconds: float) -> bool:
    peer.settimeout(seconds)
    try:
        return peer.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_half_open_connections_are_closed_in_time(house: House) -> None:
    peers = [
        socket.create_connection(("127.0.0.1", port))
        for port in (house.ports["agi_port"], house.ports["audiosocket_port"])
    ]
    started = time.monotonic()
    closed = [wait_until_closed(peer, 15 - (time.monotonic() - started)) for peer in peers]
    for peer in peers:
        peer.close()
    assert closed == [True, True]
