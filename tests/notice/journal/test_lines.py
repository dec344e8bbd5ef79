"""A line of the journal is one step of a call, whatever a caller sends; a line that is none is named, and no more."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notice.journal.caller import Caller, Reason
from notice.journal.lines import LONGEST_LINE, OPENING, BadLine, Line, Service, Step, read_line
from tests.notice.journals import CALLER, NUMBER, START, event, line, opening

RECORDED = (
    b'{"eventtype":"karipass-notice","userdeftype":"karipass-notice","eventtime":1796081332.668135,'
    b'"uniqueid":"karipass-1796081332.0","linkedid":"karipass-1796081332.0","eventextra":"{\\"extra\\":\\"step=call'
    b"&number=0312340001&service=&num=0459876543&pres=allowed_not_screened&name=&from=%3Csip%3A0459876543%40127.0.0.5"
    b'%3E%3Btag%3D1&privacy=\\"}"}'
)


def read(raw: bytes) -> Line:
    found = read_line(raw)
    assert found is not None
    return found


def test_a_line_that_asterisk_wrote_is_read_in_all_its_parts() -> None:
    found = read(RECORDED)
    assert (found.step, found.number, found.caller) == (Step.CALL, "0312340001", Caller("0459876543"))
    assert (found.call, found.channel) == ("karipass-1796081332.0", "karipass-1796081332.0")
    assert found.at.timestamp() == pytest.approx(1796081332.668135)


def test_the_time_of_ringing_is_a_number_or_nothing_or_unknown() -> None:
    rang, silent, unknown = (read(line("leg-end", ring=ring, cause=16)) for ring in ("404", "", "?"))
    assert (rang.ring_ms, rang.ring_known) == (404, True)
    assert (silent.ring_ms, silent.ring_known) == (None, True)
    assert (unknown.ring_ms, unknown.ring_known) == (None, False)


def test_a_refusal_names_its_service() -> None:
    assert read(opening("refused", service="nuisance")).service is Service.NUISANCE
    with pytest.raises(BadLine, match="service"):
        read_line(opening("refused", service="moon"))


@pytest.mark.parametrize("number", ["+81312345678", "03-1234-5678", "0312345678"])
def test_the_called_number_is_read_in_its_national_form(number: str) -> None:
    assert read(opening(number=number)).number == NUMBER


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[]", "object"),
        (b"[" * 16_000, "not JSON"),
        (event(eventtime=1.0, uniqueid="1.1", linkedid="1.1"), "no text"),
        (event(eventtime=1.0, uniqueid="1.1", linkedid="1.1", eventextra="{}"), "no text"),
        (event(eventtime=1.0, uniqueid="1.1", linkedid="1.1", eventextra='{"extra":1}'), "no text"),
        (line("dance"), "step"),
        (line("call", number="anybody"), "which number"),
        (line("call", number=""), "which number"),
        (b"x" * (LONGEST_LINE + 1), "bytes"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_is_wrong_with_it(raw: bytes, wrong: str) -> None:
    with pytest.raises(BadLine, match=wrong):
        read_line(raw)


@pytest.mark.parametrize("moment", ["2026-04-01 09:00:00", None, True, 1e300, float("nan")])
def test_a_line_without_a_moment_is_bad(moment: object) -> None:
    told = json.loads(line("end"))
    with pytest.raises(BadLine, match="moment"):
        read_line(json.dumps(told | {"eventtime": moment}).encode())


@pytest.mark.parametrize("raw", [b"", b"   ", b'{"eventtype":"CHAN_START"}', b'{"userdeftype":"of another"}'])
def test_other_events_are_passed_over(raw: bytes) -> None:
    assert read_line(raw) is None


HOSTILE = [
    "a\r\nBcc: somebody@example.jp",
    'a","eventextra":"b',
    "a&step=refused&service=nuisance&number=0399999999",
    "%0A%26step%3Drefused",
    "x" * 10_000,
    "\u202e8765432130",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "日本" * 100,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_display_name_changes_nothing_but_itself(name: str) -> None:
    caller = {"num": CALLER, "pres": "allowed", "name": name[:255], "from": f'"{name[:200]}" <sip:{CALLER}@example.jp>'}
    found = read(opening(caller=caller))
    assert (found.step, found.number, found.caller) == (Step.CALL, NUMBER, Caller(CALLER))


def test_a_name_that_is_not_utf_8_is_read() -> None:
    raw = opening(caller={"num": CALLER, "pres": "allowed", "name": "NAME"}).replace(b"NAME", b"%FF%E3%81")
    assert read(raw).caller == Caller(CALLER)


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_a_caller_sends_a_line_is_read_as_the_step_that_it_is(name: str, sender: str) -> None:
    caller = {
        "num": CALLER,
        "pres": "prohib_not_screened",
        "name": name.encode("utf-8", "replace").decode(),
        "from": sender.encode("utf-8", "replace").decode(),
    }
    found = read(opening(caller=caller))
    assert (found.step, found.number, found.at - START) == (Step.CALL, NUMBER, timedelta(0))
    assert found.caller is not None
    assert found.caller.number == ""


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_make_a_bad_line(raw: bytes) -> None:
    try:
        found = read_line(raw)
    except BadLine:
        return
    assert found is None


@given(st.dictionaries(st.sampled_from(["step", "number", "ring", "cause", "num", "pres"]), st.text(max_size=20)))
def test_whatever_the_dialplan_says_is_read_or_bad(said: dict[str, str]) -> None:
    step = said.pop("step", "call")
    said.pop("number", None)
    try:
        found = read(line(step.encode("utf-8", "replace").decode(), **_plain(said)))
    except BadLine:
        return
    assert (found.step in OPENING) == (found.caller is not None)
    assert found.caller is None or (found.caller.number == "") == isinstance(found.caller.reason, Reason)


def _plain(said: dict[str, str]) -> dict[str, Any]:
    return {name: value.encode("utf-8", "replace").decode() for name, value in said.items()}
