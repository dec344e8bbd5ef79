"""A listener takes the service's place at its port while the service is away, and what Asterisk then gives it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.exchange.configuration import MANAGER_USER
from ivr.telephony.ami.connection import ActionRefused, AmiConnection, AmiLogin
from tests.live.callers.phone import Caller, EndedBy
from tests.live.hearing.capture import RtpCapture
from tests.live.hearing.guidance import heard_clips
from tests.live.house import House

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")


class Listener:
    """Takes what comes to a port, and answers nothing."""

    def __init__(self, port: int, *, holds_s: float = 0.0) -> None:
        self._holds_s = holds_s
        self._socket = socket.create_server(("127.0.0.1", port))
        self.heard = b""
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(10)
            while b"\n\n" not in self.heard and (data := connection.recv(4096)):
                self.heard += data
            time.sleep(self._holds_s)

    def close(self) -> None:
        self._thread.join(timeout=60)
        self._socket.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(Path(tmp_path_factory.mktemp("place")), service=False) as house:
        yield house


def test_a_listener_in_the_services_place_hears_no_secret(house: House) -> None:
    listener = Listener(house.ports["agi_port"])
    call = house.trunk.start(CALLER, hang_up_after_s=3.0)
    listener.close()
    call.wait()
    assert b"agi_uniqueid: " in listener.heard
    assert house.agi_secret.encode() not in listener.heard


def test_where_a_port_is_held_and_nobody_answers_the_caller_is_told(house: House, capture: RtpCapture) -> None:
    listener = Listener(house.ports["agi_port"], holds_s=40.0)
    call = house.trunk.start(CALLER, hang_up_after_s=None)
    result = call.wait()
    listener.close()
    assert result.ended_by is EndedBy.EXCHANGE
    assert heard_clips(capture.heard(house.trunk.host, call.media_port), house.guidance) == ["unavailable"]


async def test_the_secret_is_not_to_be_had_over_the_manager_interface(house: House) -> None:
    login = AmiLogin(host="127.0.0.1", port=house.ports["ami_port"], user=MANAGER_USER, secret=house.ami_secret)
    async with await AmiConnection.open(login, lambda _event: None, patience_s=5.0) as manager:
        file = (await manager.ask("Getvar", Variable="KARIPASS_AGI_SECRET_FILE"))[0]["value"]
        assert file.endswith("agi-secret")
        for variable in ("KARIPASS_AGI_SECRET", f"FILE({file},0,200)", f"SHELL(cat {file})"):
            try:
                value = (await manager.ask("Getvar", Variable=variable))[0].get("value", "")
            except ActionRefused:
                continue
            assert house.agi_secret not in value
