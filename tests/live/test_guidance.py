"""What the caller hears, taken from the audio that comes back to the phone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from credentials import LoginVerdict
from ivr.ear import recognise
from ivr.exchange import Exchange
from prompts import load_catalogue
from tests.live.capture import RtpCapture, Sound
from tests.live.hearing import heard_clips
from tests.live.house import House, new_password
from tests.live.media import KeyPath, Press, Timing
from tests.live.phone import Caller, EndedBy

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")


def heard_in_english(sound: Sound) -> list[str]:
    return [clip_id for _, clip_id in recognise(sound.samples(), load_catalogue("en"))]


def test_the_guidance_of_a_whole_call_is_heard_in_order(house: House, capture: RtpCapture) -> None:
    password = new_password()
    presses = [
        Press(keys="1", after_s=11.0),
        Press(keys=password, after_s=14.0),
        Press(keys=password, after_s=8.0),
    ]
    call = house.trunk.start(CALLER, presses)
    assert call.wait().ended_by is EndedBy.EXCHANGE
    assert heard_clips(capture.heard(house.trunk.host, call.media_port)) == [
        "unit.ask",
        "target.contract",
        "password.about",
        "password.ask",
        "confirm.ask",
        "target.contract",
        "done.set",
        "done.next",
    ]
    assert house.check("0312345678", password) is LoginVerdict.ACCEPTED


def test_a_line_hears_the_whole_call_in_its_own_language(house: House, capture: RtpCapture) -> None:
    house.import_lines("contract_number,number,language\n0751234567,,en\n")
    password = new_password()
    presses = [
        Press(keys="1", after_s=12.0),
        Press(keys=password, after_s=17.0),
        Press(keys=password, after_s=6.0),
    ]
    caller = Caller(number="0751234567", asserted="sip:0751234567@carrier.example")
    call = house.trunk.start(caller, presses)
    assert call.wait().ended_by is EndedBy.EXCHANGE
    assert heard_in_english(capture.heard(house.trunk.host, call.media_port)) == [
        "unit.ask",
        "target.contract",
        "password.about",
        "password.ask",
        "confirm.ask",
        "target.contract",
        "done.set",
        "done.next",
    ]
    assert house.check("0751234567", password) is LoginVerdict.ACCEPTED


def test_a_key_pressed_during_the_guidance_stops_it(house: House, capture: RtpCapture) -> None:
    # One long tone in the middle of a guidance of ten seconds: only the guidance's silence can be its doing.
    timing = Timing(tone_s=0.3, gap_s=0.1)
    call = house.trunk.start(CALLER, [Press(keys="2", after_s=3.0)], timing=timing, hang_up_after_s=5.0)
    call.wait()
    heard = capture.heard(house.trunk.host, call.media_port)
    pressed_s = next(start for start, end in capture.said(house.trunk.host, call.media_port).loud() if end > start)
    before = heard.level_dbfs(pressed_s - 1.0, pressed_s)
    # 40 ms make a key; 60 ms later, and the way of two packets in and out, nothing of the guidance is left.
    after = heard.level_dbfs(pressed_s + 0.2, pressed_s + 0.34)
    assert before > -35
    assert after < -60


def test_a_caller_hears_an_apology_while_the_service_is_away(tmp_path: Path, capture: RtpCapture) -> None:
    with House(tmp_path, service=False) as house:
        call = house.trunk.start(CALLER)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        assert heard_clips(capture.heard(house.trunk.host, call.media_port)) == ["unavailable"]


def test_the_apology_is_in_the_language_of_the_settings(tmp_path: Path, capture: RtpCapture) -> None:
    house = House(tmp_path, service=False)
    house.exchange = Exchange(replace(house.exchange.config, language="en"))
    with house:
        call = house.trunk.start(CALLER)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        assert heard_in_english(capture.heard(house.trunk.host, call.media_port)) == ["unavailable"]


def test_a_service_killed_in_a_call_lets_the_caller_hear_an_apology(tmp_path: Path, capture: RtpCapture) -> None:
    with House(tmp_path) as house:
        password = new_password()
        call = house.trunk.start(CALLER, [Press(keys="1", after_s=1.0)], keys=KeyPath.EVENTS)
        house.wait_for_log(b"call_began")
        house.stop_service(9)
        assert call.wait().ended_by is EndedBy.EXCHANGE
        assert "unavailable" in heard_clips(capture.heard(house.trunk.host, call.media_port))
        house.start_service()
        house.trunk.call(CALLER, [Press(keys=f"1{password}{password}", after_s=1.0)])
        assert house.check("0312345678", password) is LoginVerdict.ACCEPTED
