"""The loop of all callers, with an exchange that takes no call. Whole calls are in tests/live."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from ivr.lab.load.crowd.caller import CallEnd, CallNotes
from ivr.lab.load.crowd.loop import BETWEEN_CALLS_S, CALL_AGAIN_S, Crowd, CrowdSettings
from ivr.lab.load.crowd.plan import draw
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


def test_who_was_turned_away_calls_again_later_than_the_next_caller_of_a_place_calls() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind((HOST, 0))
        callers = crowd((HOST, int(nobody.getsockname()[1])), [], seconds=1.0)
        callers.stop()
        callers.run(lambda: None)
        plan = draw(1, 0, LoadLine.numbered(0))
        served, sent_away = (
            CallNotes(plan=plan, dialled_at=0.0, dialled=0.0, end=CallEnd.BY_EXCHANGE, pressed_all=pressed_all)
            for pressed_all in (True, False)
        )
        assert callers._pause_s(served) == BETWEEN_CALLS_S
        assert CALL_AGAIN_S[0] <= callers._pause_s(sent_away) <= CALL_AGAIN_S[1]


@pytest.mark.parametrize(
    ("end", "pressed_all", "sent_away"),
    [
        (CallEnd.BY_EXCHANGE, False, True),
        (CallEnd.BY_EXCHANGE, True, False),
        (CallEnd.BY_CALLER, False, False),
        (CallEnd.REFUSED, False, False),
    ],
)
def test_sent_away_is_who_was_hung_up_on_before_all_was_pressed(
    end: CallEnd, *, pressed_all: bool, sent_away: bool
) -> None:
    plan = draw(1, 0, LoadLine.numbered(0))
    notes = CallNotes(plan=plan, dialled_at=0.0, dialled=0.0, end=end, pressed_all=pressed_all)
    assert notes.sent_away == sent_away
