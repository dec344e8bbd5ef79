"""The caller is who the network asserts, and never who a phone claims to be."""

from __future__ import annotations

import pytest

from credentials.model import LoginVerdict
from tests.live.callers.media import Press
from tests.live.callers.phone import Caller, EndedBy
from tests.live.hearing.capture import RtpCapture
from tests.live.hearing.guidance import heard_clips
from tests.live.house import PHONE_NUMBER, PHONE_SECRET, House, new_password

VICTIM = "0661234567"
VICTIMS = f"sip:{VICTIM}@carrier.example"
TWO_OF_ANOTHER = "<sip:0399999999@carrier.example>, <tel:+81399999999>"
PAYPHONE = '"Coin line/payphone" <sip:anonymous@anonymous.invalid>'


def typed(password: str) -> list[Press]:
    return [Press(keys="1", after_s=1.0), Press(keys=password, after_s=0.5), Press(keys=password, after_s=0.5)]


@pytest.mark.parametrize(
    ("caller", "guidance"),
    [
        (Caller(number="0399999999", asserted="sip:0399999999@carrier.example"), "refused.not_subscribed"),
        (Caller(number=VICTIM, asserted=VICTIMS, privacy="id"), "refused.withheld"),
        (Caller(number=VICTIM, asserted=VICTIMS, others=["Privacy: none", "Privacy: id"]), "refused.withheld"),
        (Caller(number="anonymous"), "refused.withheld"),
        (Caller(number=VICTIM, sender=PAYPHONE), "refused.payphone"),
        (Caller(number=VICTIM, asserted=VICTIMS, privacy="id", sender=PAYPHONE), "refused.payphone"),
        (Caller(number=VICTIM, sender='"Unavailable" <sip:anonymous@anonymous.invalid>'), "refused.unknown"),
        (Caller(number="0399999999", others=[f"Remote-Party-ID: <{VICTIMS}>;screen=no"]), "refused.not_subscribed"),
        (Caller(number=VICTIM, others=[f"P-Asserted-Identity: {TWO_OF_ANOTHER}"]), "refused.not_subscribed"),
    ],
    ids=[
        "number of no line",
        "withheld number",
        "withheld in a second header",
        "anonymous",
        "payphone",
        "payphone that the network knows",
        "no number",
        "number that a gateway claims",
        "From claims another than the two identities that are asserted",
    ],
)
def test_a_caller_of_no_known_number_hears_why_and_is_hung_up_on(
    house: House, capture: RtpCapture, caller: Caller, guidance: str
) -> None:
    password = new_password()
    call = house.trunk.start(caller, typed(password))
    result = call.wait()
    assert result.ended_by is EndedBy.EXCHANGE
    assert guidance in heard_clips(capture.heard(house.trunk.host, call.media_port), house.guidance)
    assert house.check(VICTIM, password) is not LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


@pytest.mark.parametrize(
    "caller",
    [
        Caller(number="0399999999", asserted="tel:+81661234567"),
        Caller(number="0399999999", asserted="sip:81661234567@carrier.example;user=phone"),
        Caller(number="0399999999", asserted="sip:0661234567;phone-context=+81@carrier.example"),
        Caller(number="0081661234567"),
        Caller(number="0399999999", sender="<tel:+81-66-123-4567>"),
        Caller(number=VICTIM, others=["Remote-Party-ID: <sip:0399999999@carrier.example>;screen=no"]),
    ],
    ids=["tel URI", "no plus", "phone-context", "international prefix", "tel URI in From", "From, not Remote-Party-ID"],
)
def test_a_number_counts_however_a_trunk_writes_it(house: House, caller: Caller) -> None:
    password = new_password()
    house.trunk.call(caller, typed(password), hang_up_after_s=10.0)
    assert house.check(VICTIM, password) is LoginVerdict.ACCEPTED


def test_a_registered_phone_is_itself_whatever_it_writes_into_from(house: House) -> None:
    password = new_password()
    forged = Caller(number=VICTIM, asserted=VICTIMS, username=PHONE_NUMBER, secret=PHONE_SECRET)
    house.phone.call(forged, typed(password), hang_up_after_s=10.0)
    assert house.check(VICTIM, password) is not LoginVerdict.ACCEPTED
    assert house.check(PHONE_NUMBER, password) is LoginVerdict.ACCEPTED
    assert house.places_with([password]) == []


def test_a_stranger_reaches_nothing(house: House) -> None:
    result = house.phone.call(Caller(number=VICTIM, asserted=VICTIMS), patience_s=5)
    assert result.status in (401, 403, 404)
    assert result.ended_by is None


def test_a_call_without_audio_is_refused(house: House) -> None:
    for audio in ("", "m=audio 0 RTP/AVP 0 101", "m=video [media_port] RTP/AVP 96"):
        caller = Caller(number=VICTIM, asserted=VICTIMS)
        result = house.trunk.call(caller, audio=audio, patience_s=5)
        assert result.status is not None
        assert result.status >= 400
