"""Asterisk's side of a call over FastAGI. That the service takes it for Asterisk: test_direct_trunk.py."""

from __future__ import annotations

from uuid import UUID

import pytest

from ivr.lab.load.crowd.direct.agi_call import AgiCall, AudioWanted

NAME = "1.5"
SECRET = "known-to-the-dialplan"
WANTED = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
AUDIO = f'EXEC "AudioSocket" "{WANTED},127.0.0.1:4574"'


class Service:
    """The other side."""

    def __init__(self) -> None:
        self.call = AgiCall("0450000007", secret=SECRET, name=NAME)
        self.request = self.heard()

    def heard(self) -> str:
        said = self.call.outbox.decode()
        self.call.outbox.clear()
        return said

    def asks(self, command: str) -> str:
        self.call.receive(command.encode() + b"\n")
        return self.heard()


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_call_starts_with_its_variables(service: Service) -> None:
    assert f"agi_uniqueid: {NAME}\n" in service.request
    assert service.request.endswith("\n\n")
    assert SECRET not in service.request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLERID(num)", "0450000007"),
        ("KARIPASS_TRUNK", "yes"),
        ("PJSIP_HEADER(read,P-Asserted-Identity,1)", "<sip:0450000007@127.0.0.1>"),
        ("PJSIP_HEADER(read,Privacy,1)", None),
        ("KARIPASS_CALL_CAP_S", None),
    ],
)
def test_the_caller_is_one_whom_a_trunk_vouches_for(service: Service, name: str, value: str | None) -> None:
    reply = "200 result=0\n" if value is None else f"200 result=1 ({value})\n"
    assert service.asks(f'GET VARIABLE "{name}"') == reply


def test_the_audio_is_brought_where_the_service_wants_it_and_its_end_is_told(service: Service) -> None:
    assert not service.call.answered
    assert service.asks("ANSWER") == "200 result=0\n"
    assert service.call.answered
    assert service.call.receive(AUDIO[:20].encode()) is None
    assert service.call.receive(AUDIO[20:].encode() + b"\n") == AudioWanted(WANTED, ("127.0.0.1", 4574))
    assert service.heard() == ""
    service.call.audio_over()
    assert service.heard() == "200 result=0\n"


def test_what_the_service_leaves_in_the_channel_is_taken(service: Service) -> None:
    assert service.asks('SET VARIABLE "KARIPASS_OUTCOME" "set"') == "200 result=1\n"


def test_a_caller_who_hangs_up_leaves_a_dead_channel(service: Service) -> None:
    service.call.receive(AUDIO.encode() + b"\n")
    service.call.hung_up()
    service.call.hung_up()
    assert service.heard() == "HANGUP\n200 result=-1\n"
    assert service.asks('SET VARIABLE "KARIPASS_OUTCOME" "set"').startswith("511 ")
