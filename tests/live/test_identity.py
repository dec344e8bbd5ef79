"""Who calls is what the network asserts, and never what a phone claims."""

from __future__ import annotations

import pytest

from credentials import LoginVerdict
from tests.live.capture import RtpCapture
from tests.live.hearing import heard_clips
from tests.live.house import PHONE_NUMBER, PHONE_SECRET, House, new_password
from tests.live.media import Press
from tests.live.phone import Caller, EndedBy

VICTIM = "0661234567"


def typed(password: str) -> list[Press]:
    return [Press(keys="1", after_s=1.0), Press(keys=password, after_s=0.5), Press(keys=password, after_s=0.5)]


@pytest.mark.parametrize(
    ("caller", "guidance"),
    [
        (Caller(number="0399999999", asserted="sip:0399999999@carrier.example"), "refused.not_subscribed"),
        (Caller(number=VICTIM, asserted=f"sip:{VICTIM}@carrier.example", privacy="id"), "refused.withheld"),
        (Caller(number="anonymous"), "refused.unknown"),
    ],
    ids=["number of no line", "withheld number", "no number"],
)
def test_a_caller_of_no_known_number_hears_why_and_is_hung_up_on(
    house: House, capture: RtpCapture, caller: Caller, guidance: str
) -> None:
    password = new_password()
    call = house.trunk.start(caller, typed(password))
    result = call.wait()
    assert result.ended_by is EndedBy.EXCHANGE
    assert guidance in heard_clips(capture.heard(house.trunk.host, call.media_port))
    assert house.check(VICTIM, password) is not LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_registered_phone_is_itself_whatever_it_writes_into_from(house: House) -> None:
    password = new_password()
    forged = Caller(number=VICTIM, asserted=f"sip:{VICTIM}@carrier.example", username=PHONE_NUMBER, secret=PHONE_SECRET)
    house.phone.call(forged, typed(password), hang_up_after_s=10.0)
    assert house.check(VICTIM, password) is not LoginVerdict.ACCEPTED
    assert house.check(PHONE_NUMBER, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_stranger_reaches_nothing(house: House) -> None:
    result = house.phone.call(Caller(number=VICTIM, asserted=f"sip:{VICTIM}@carrier.example"), patience_s=5)
    assert result.status in (401, 403, 404)
    assert result.ended_by is None


def test_a_call_without_audio_is_refused(house: House) -> None:
    for audio in ("", "m=audio 0 RTP/AVP 0 101", "m=video [media_port] RTP/AVP 96"):
        caller = Caller(number=VICTIM, asserted=f"sip:{VICTIM}@carrier.example")
        result = house.trunk.call(caller, audio=audio, patience_s=5)
        assert result.status is not None
        assert result.status >= 400
