"""The phone of the tests distinguishes its own faults from the product's."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.live.callers import media
from tests.live.callers.media import KeyPath, Press
from tests.live.callers.phone import Caller, PhoneError
from tests.live.callers.ports import PhonePorts
from tests.live.callers.sent import SentPackets
from tests.live.house import TRUNK_HOST, House

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")
PCAP_HEAD = 24
PACKET_HEAD = 16


def bound(host: str, port: int = 0) -> socket.socket:
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    held.bind((host, port))
    return held


def test_a_phone_that_stops_sending_is_blamed_for_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    written = media.write_track

    def written_in_part(path: Path, presses: Any, **how: Any) -> tuple[float, ...]:
        due_s = written(path, presses, **how)
        track = path.read_bytes()
        end = PCAP_HEAD
        for _ in range(50):
            end += PACKET_HEAD + int.from_bytes(track[end + 8 : end + 12], "little")
        path.write_bytes(track[:end])
        return due_s

    monkeypatch.setattr(media, "write_track", written_in_part)
    with pytest.raises(PhoneError, match=r"sipp sent 50 RTP packets, but \d{3} were due in a call of 5\.\d s"):
        house.trunk.call(CALLER, [Press(keys="1", after_s=2.0)], keys=KeyPath.EVENTS, hang_up_after_s=5.0)


def test_a_phone_whose_port_is_in_use_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = PhonePorts.reserve(TRUNK_HOST)
    monkeypatch.setattr(PhonePorts, "reserve", lambda _host: ports)
    with bound(TRUNK_HOST, ports.sip), pytest.raises(PhoneError, match="Address already in use"):
        house.trunk.call(CALLER, hang_up_after_s=2.0)


def test_a_phone_that_is_killed_in_a_call_is_blamed_for_it(house: House) -> None:
    house.mark_log()
    call = house.trunk.start(CALLER, hang_up_after_s=10.0)
    house.wait_for_log(b"call_began")
    os.kill(call.pid, signal.SIGKILL)
    with pytest.raises(PhoneError, match="SIGKILL"):
        call.wait()


def test_a_phone_is_not_blamed_for_what_the_exchange_does(house: House) -> None:
    refused = house.trunk.call(CALLER, audio="", patience_s=5.0)
    assert refused.status is not None
    assert refused.status >= 400
    heard_out = house.trunk.call(Caller(number="0399999999", asserted="sip:0399999999@carrier.example"))
    assert heard_out.completed


def test_no_two_phones_get_one_port_and_none_that_linux_gives_away() -> None:
    first_given_away = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    reserved = [PhonePorts.reserve(TRUNK_HOST) for _ in range(60)]
    numbers = [number for ports in reserved for number in (ports.sip, ports.media)]
    for ports in reserved:
        ports.close()
    assert len(set(numbers)) == 120
    assert max(numbers) < first_given_away


def test_a_block_of_ports_with_one_in_use_is_passed_over() -> None:
    ports = PhonePorts.reserve(TRUNK_HOST)
    ports.close()
    block = 8
    with bound(TRUNK_HOST, ports.sip + block):
        after = PhonePorts.reserve(TRUNK_HOST)
    after.close()
    assert after.sip == ports.sip + 2 * block


def test_packets_are_counted_by_the_address_and_port_that_sends_them() -> None:
    with bound("127.0.0.2") as phone_at_two, bound("127.0.0.3") as another, bound("127.0.0.1") as exchange:
        sent = SentPackets(*phone_at_two.getsockname())
        for _ in range(1000):
            phone_at_two.sendto(bytes(172), exchange.getsockname())
            another.sendto(bytes(172), exchange.getsockname())
        sent.close()
    assert sent.count == 1000
