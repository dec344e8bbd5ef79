"""The loop of all callers, with an exchange that takes no call. Whole calls are in tests/live."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from ivr.lab.load.crowd.caller import CallEnd, CallNotes
from ivr.lab.load.crowd.loop import Crowd, CrowdSettings
from ivr.lab.load.crowd.sip.sip_trunk import SipWay
from ivr.lab.load.lines import LoadLine
from ivr.lab.telephone.sip import Message

HOST = "127.0.0.1"
LINES = 200


class BusyExchange:
    """Refuses every call, from a thread of its own."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.thread = threading.Thread(target=self._refuse)
        self.thread.start()

    @property
    def address(self) -> tuple[str, int]:
        return HOST, int(self.socket.getsockname()[1])

    def _refuse(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(65535)
            message = Message.parse(data)
            if not message.headers:
                return
            if message.first_line.startswith("INVITE "):
                copied = "\r\n".join(
                    f"{name}: {message.headers[name]}" for name in ("via", "from", "to", "call-id", "cseq")
                )
                self.socket.sendto(f"SIP/2.0 503 Busy\r\n{copied}\r\n\r\n".encode(), sender)

    def close(self) -> None:
        self.socket.sendto(b"\r\n\r\n", self.address)
        self.thread.join()
        self.socket.close()


@pytest.fixture
def exchange() -> Iterator[BusyExchange]:
    exchange = BusyExchange()
    yield exchange
    exchange.close()


def crowd(exchange: tuple[str, int], over: list[CallNotes], *, seconds: float) -> Crowd:
    settings = CrowdSettings(calls=3, seconds=seconds, seed=1, lines=LINES, ramp_s=seconds / 2)
    way = SipWay(host=HOST, exchange=exchange, number="0363044747")
    return Crowd(settings, way.open(settings.calls), over.append)


def test_each_place_calls_again_from_another_line_until_the_time_is_over(exchange: BusyExchange) -> None:
    over: list[CallNotes] = []
    callers = crowd(exchange.address, over, seconds=1.2)
    callers.run(lambda: None)
    assert callers.calling == 0
    assert len(over) > 3
    assert {notes.end for notes in over} == {CallEnd.REFUSED}
    assert [notes.plan.number for notes in over] == list(range(len(over)))
    lines = [LoadLine.numbered(place) for place in range(len(over))]
    assert all(notes.plan.caller in (line.contract, line.additional) for notes, line in zip(over, lines, strict=True))


def test_a_crowd_that_is_stopped_hangs_up_and_calls_no_more() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind((HOST, 0))
        over: list[CallNotes] = []
        callers = crowd((HOST, int(nobody.getsockname()[1])), over, seconds=3600.0)
        stopped = False

        def stop() -> None:
            nonlocal stopped
            if not stopped:
                assert callers.calling == 1
                callers.stop()
            stopped = True

        callers.run(stop)
    assert [notes.end for notes in over] == [CallEnd.INTERRUPTED]
