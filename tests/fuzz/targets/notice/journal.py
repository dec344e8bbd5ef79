"""The journal of incoming calls: no line stops the reading, a call has one verdict, and the place never goes back."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from notice.calls.open_calls import OpenCalls
from notice.journal.lines import OPENING, BadLine, Line, read_line
from notice.journal.place import Place
from tests.fuzz.inputs import stretched, text_of
from tests.notice.journals import line

LONGEST = 4096
_MOST = 4000
_STEPS = ("call", "forward", "refused", "leg", "answered", "leg-end", "end", "other")
_RINGS = ("", "?", "0", "400", "999999999", "-1", "1e9", "４")
_CAUSES = ("16", "17", "23", "0", "", "999999999", "x", "127")
_STATUSES = ("ANSWER", "CANCEL", "BUSY", "")
_NUMBERS = ("0312345678", "+81312345678", "110", "x")
_OCTETS_A_STEP = 6


def one_input(data: bytes) -> None:
    raw = _steps(data[1:]) if data[:1] >= b"\x80" else stretched(data[1:], _MOST).split(b"\n")
    calls, openings, verdicts = OpenCalls(), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    offset, saved, latest = 0, 0, None
    for each in raw:
        here = _read(each)
        if here is not None:
            key = (here.call, here.number)
            openings[key] += here.step in OPENING
            for verdict in calls.take(here, Place("f", offset)):
                verdicts[verdict.call, verdict.number] += 1
                assert verdict.ringing_ms is None or verdict.ringing_ms >= 0
                assert verdict.ringing_s is None or verdict.ringing_s >= 0
            latest = here.at if latest is None else max(latest, here.at)
        offset += len(each) + 1
        place = calls.oldest.offset if calls.oldest is not None else offset
        assert place >= saved
        saved = place
    if latest is not None:
        for verdict in calls.pass_time(_later(latest)):
            verdicts[verdict.call, verdict.number] += 1
        assert len(calls) == 0
        assert calls.oldest is None
    assert all(0 < count <= openings[key] for key, count in verdicts.items())
    assert verdicts.keys() == {key for key, count in openings.items() if count}


def _read(raw: bytes) -> Line | None:
    try:
        return read_line(raw)
    except BadLine as error:
        assert str(error)
        assert len(str(error)) < 200
        return None


def _later(moment: datetime) -> datetime:
    """Return a moment after which every call is judged."""
    return moment + timedelta(days=20)


def _steps(data: bytes) -> list[bytes]:
    """Write a journal from six octets a step: the calls, legs and moments are few, so that they meet."""
    raw = []
    at_s = 0.0
    for start in range(0, len(data) - _OCTETS_A_STEP + 1, _OCTETS_A_STEP):
        step, who, channel, ahead, values, number = data[start : start + _OCTETS_A_STEP]
        at_s += ahead / 8 - (4 if ahead > 0xF0 else 0)
        raw.append(
            line(
                _STEPS[step % 8],
                at_s,
                call=str(1 + who // 4 % 4),
                channel=str(channel % 16),
                number=_NUMBERS[number % 4] if number < 0x80 else _NUMBERS[0],
                ring=_RINGS[values % 8],
                cause=_CAUSES[values // 8 % 8],
                status=_STATUSES[values // 64],
                num=text_of(data[start : start + 3]).encode("utf-8", "replace").decode(),
                pres="allowed_not_screened" if who & 1 else "prohib",
                service="nuisance" if who & 2 else "anonymous",
            )
        )
    return raw
