"""The guidance that the caller hears, taken from the audio that comes back to the phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from credentials.model import LoginVerdict
from ivr.exchange.process import Exchange
from ivr.exchange.standalone import SOUNDS_DIR
from prompts import load_catalogue
from tests.live.callers.media import KeyPath, Press, Timing
from tests.live.callers.phone import Caller, EndedBy
from tests.live.hearing.capture import RtpCapture
from tests.live.hearing.guidance import heard_clips
from tests.live.house import House, new_password

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")


WHOLE_CALL = [
    "unit.ask",
    "target.contract",
    "password.about",
    "password.ask",
    "confirm.ask",
    "target.contract",
    "done.set",
    "done.next",
]


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the product's guidance as it is."""
    with House(tmp_path_factory.mktemp("unhurried"), brisk=False) as house:
        yield house


@pytest.mark.alone
def test_two_callers_at_once_hear_a_whole_call_each_in_the_language_of_their_line(
    unhurried: House, capture: RtpCapture
) -> None:
    house = unhurried
    house.import_lines("contract_number,number,language\n0751234567,,en\n")
    japanese, english = new_password(), new_password()
    in_english = Caller(number="0751234567", asserted="sip:0751234567@carrier.example")
    calls = [
        house.trunk.start(caller, [Press(keys=keys, after_s=after_s) for keys, after_s in presses])
        for caller, presses in (
            (CALLER, (("1", 11.0), (japanese, 14.0), (japanese, 8.0))),
            (in_english, (("1", 12.0), (english, 17.0), (english, 6.0))),
        )
    ]
    assert [call.wait().ended_by for call in calls] == [EndedBy.EXCHANGE] * 2
    heard = [capture.heard(house.trunk.host, call.media_port) for call in calls]
    assert heard_clips(heard[0], house.guidance) == WHOLE_CALL
    assert heard_clips(heard[1], load_catalogue("en")) == WHOLE_CALL
    assert house.check("0312345678", japanese) is LoginVerdict.ACCEPTED
    assert house.check("0751234567", english) is LoginVerdict.ACCEPTED


def test_a_key_pressed_during_the_guidance_stops_it(unhurried: House, capture: RtpCapture) -> None:
    house = unhurried
    # One long tone in the middle of ten seconds of guidance: only the tone can have caused the guidance's silence.
    timing = Timing(tone_s=0.3, gap_s=0.1)
    call = house.trunk.start(CALLER, [Press(keys="2", after_s=3.0)], timing=timing, hang_up_after_s=5.0)
    call.wait()
    heard = capture.heard(house.trunk.host, call.media_port)
    pressed_s = next(start for start, end in capture.said(house.trunk.host, call.media_port).loud() if end > start)
    before = heard.level_dbfs(pressed_s - 1.0, pressed_s)
    # 40 ms make a key; 60 ms later, plus the way of two packets in and out, nothing of the guidance is left.
    after = heard.level_dbfs(pressed_s + 0.2, pressed_s + 0.34)
    assert before > -35
    assert after < -60


def test_a_caller_hears_an_apology_while_the_service_is_away(tmp_path: Path, capture: RtpCapture) -> None:
    with House(tmp_path, service=False) as house:
        call = house.trunk.start(CALLER)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        assert heard_clips(capture.heard(house.trunk.host, call.media_port), house.guidance) == ["unavailable"]


@pytest.mark.parametrize(
    ("has_the_clip", "heard"), [(True, "crowded"), (False, "unavailable")], ids=["crowded", "Asterisk lacks that clip"]
)
def test_a_caller_too_many_hears_an_apology(
    tmp_path: Path, capture: RtpCapture, *, has_the_clip: bool, heard: str
) -> None:
    with House(tmp_path, settings={"KARIPASS_CALLS": "1"}) as house:
        if not has_the_clip:
            (house.exchange.config.run_dir / "sounds" / "ja" / "crowded.wav").unlink()
        first = house.trunk.start(CALLER, hang_up_after_s=12.0)
        house.wait_for_log(b"call_began")
        second = house.trunk.start(CALLER)
        assert second.wait().ended_by is EndedBy.EXCHANGE
        assert heard_clips(capture.heard(house.trunk.host, second.media_port), house.guidance) == [heard]
        assert first.wait().completed


def test_the_apology_is_in_the_language_of_the_settings(tmp_path: Path, capture: RtpCapture) -> None:
    house = House(tmp_path, service=False)
    house.exchange = Exchange(replace(house.exchange.config, language="en", sounds_dir=SOUNDS_DIR))
    with house:
        call = house.trunk.start(CALLER)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        heard = capture.heard(house.trunk.host, call.media_port)
        assert heard_clips(heard, load_catalogue("en")) == ["unavailable"]


def test_a_service_killed_in_a_call_lets_the_caller_hear_an_apology(tmp_path: Path, capture: RtpCapture) -> None:
    with House(tmp_path) as house:
        password = new_password()
        call = house.trunk.start(CALLER, [Press(keys="1", after_s=1.0)], keys=KeyPath.EVENTS)
        house.wait_for_log(b"call_began")
        house.stop_service(9)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        assert "unavailable" in heard_clips(capture.heard(house.trunk.host, call.media_port), house.guidance)
        house.start_service()
        house.trunk.call(CALLER, [Press(keys=f"1{password}{password}", after_s=1.0)])
        assert house.check("0312345678", password) is LoginVerdict.ACCEPTED
