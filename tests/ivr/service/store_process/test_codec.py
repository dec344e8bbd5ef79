"""Messages between a service and its store process, as octets."""

from __future__ import annotations

import json
import math
import traceback
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.model import Line, Unit
from ivr.call.dialogue.events import RefusalReason
from ivr.records.changes import Change, ChannelEnded, EntryNoted, Progress, ServiceBeat
from ivr.records.model import CallBegan, Hangup, RecordedEntry, RtpQuality
from ivr.records.vitals import AmiState, StoreState, Vitals
from ivr.service.store_process import messages
from ivr.service.store_process.codec import MAX_BYTES, MessageParser, StoreProtocolError, encode
from ivr.service.store_process.messages import Message

CONTRACT, PASSWORD = "0312345678", "24681357"
AT = datetime(2026, 4, 1, 9, 0, 0, 123456, tzinfo=UTC)
CHANGES: tuple[Change, ...] = (
    CallBegan(call_id="c0ffee", channel_id="1.2", trunk="trunk", began_at=AT, caller="", language="ja"),
    EntryNoted("c0ffee", RecordedEntry(0, None, "key", {"key": None, "snr_db": -math.inf, "parts": ["仮", 1, True]})),
    Progress(
        call_id="c0ffee",
        language="ja",
        unit=None,
        target=CONTRACT,
        step="unit",
        wrong_entries=1,
        silences=0,
        keys=3,
        missed=0,
        ended_at=AT,
        outcome="set",
        reason="set",
    ),
    ChannelEnded("c0ffee", Hangup(cause=None, text="?"), RtpQuality(lost_percent=0.5, jitter_ms=None, rtt_ms=1.0)),
    ChannelEnded("c0ffee", Hangup(cause=16, text="normal clearing"), None),
    ServiceBeat(Vitals(calls=3, store=StoreState(up=True), ami=AmiState(status="away", reason="?")), stopped=True),
)
LINE = Line(CONTRACT, frozenset({CONTRACT, "0312345679"}), "en", unit=Unit.LINE, tried_out=frozenset({CONTRACT}))
EXAMPLES: tuple[Message, ...] = (
    messages.Hello(service_id="0123456789ab", host="here", pid=17),
    messages.Admit(request=1, number=CONTRACT),
    messages.Prepare(call="c0ffee", caller=CONTRACT, target=CONTRACT, password=PASSWORD),
    messages.Discard(call="c0ffee"),
    messages.Store(request=2, call="c0ffee", caller=CONTRACT, unit=Unit.LINE, target=CONTRACT, password=PASSWORD),
    messages.Withdraw(call="c0ffee"),
    messages.NoteFailure(request=3, call="c0ffee", caller=CONTRACT),
    messages.Probe(request=4),
    messages.Write(request=5, changes=CHANGES),
    messages.MarkLost(request=6),
    messages.ForgetBefore(request=7, moment=AT),
    messages.Opened(version=1),
    messages.NotOpened(problem="the database cannot be reached"),
    messages.Admission(request=1, line=LINE),
    messages.Admission(request=1, refusal=RefusalReason.LOCKED),
    messages.Answer(request=2, outcome=messages.Outcome.REFUSED, refusal=RefusalReason.THROTTLED),
    messages.Probed(request=4, head="12:9f86d081884c7d659a2feaa0c55ad015"),
    messages.Done(request=5, count=2),
    messages.Unavailable(request=5, problem="full\ndisk \ud800"),
    messages.Appended(head="12:9f86d081884c7d659a2feaa0c55ad015"),
    messages.Load(running=4, waiting=46, behind_s=0.7),
    messages.ClockCompared(ahead_s=-0.25),
    messages.ClockCompared(ahead_s=None),
)


def test_there_is_an_example_of_every_message() -> None:
    assert {type(example) for example in EXAMPLES} == set(get_args(Message))
    assert {type(change) for change in CHANGES} == set(get_args(Change))


@given(st.lists(st.sampled_from(EXAMPLES), max_size=6), st.data())
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(sent: list[Message], data: st.DataObject) -> None:
    stream = b"".join(map(encode, sent))
    parser = MessageParser()
    received: list[Message] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += parser.feed(stream[:cut])
        stream = stream[cut:]
    assert received == sent


@given(st.text(), st.integers())
def test_any_text_can_be_sent(text: str, request: int) -> None:
    message = messages.Unavailable(request=request, problem=text)
    assert list(MessageParser().feed(encode(message))) == [message]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_no_repr_shows_a_password(example: Message) -> None:
    assert PASSWORD not in repr(example)


def octets(body: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return len(data).to_bytes(4) + data


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ((MAX_BYTES + 1).to_bytes(4), f"announces {MAX_BYTES + 1} octets, more than {MAX_BYTES}"),
        (octets(PASSWORD.encode() + b"\xff"), "a message of 9 octets is not JSON"),
        (octets(f"{PASSWORD}".encode() + b"}"), "a message of 9 octets is not JSON"),
        (octets(PASSWORD), "a message has no kind"),
        (octets([PASSWORD, {}]), "a message has no kind"),
        (octets(["Withdraw"]), "a message has no kind"),
        (octets(["Evaluate", {"password": PASSWORD}]), "a message of the kind Evaluate is not known here"),
        (octets(["ServiceBeat", {}]), "a message of the kind ServiceBeat is not known here, or not expected"),
        (octets(["Store", {"password": PASSWORD}]), "a Store has fields that are missing or of the wrong kind"),
        (
            octets(["Prepare", {"call": "c", "caller": "c", "target": "t", "password": int(PASSWORD)}]),
            "a Prepare has fields that are missing or of the wrong kind",
        ),
        (
            octets(["Write", {"request": 1, "changes": [["Store", {}]]}]),
            "a message of the kind Store is not known here",
        ),
        (octets(["Write", {"request": 1, "changes": 1}]), "a Write has fields that are missing or of the wrong kind"),
    ],
)
def test_what_is_no_message_is_an_error_that_says_what_it_is_and_shows_no_password(sent: bytes, said: str) -> None:
    parser = MessageParser()
    received = parser.feed(encode(EXAMPLES[0]) + sent + encode(EXAMPLES[1]))
    assert next(received) == EXAMPLES[0]
    with pytest.raises(StoreProtocolError, match=said) as caught:
        next(received)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(StoreProtocolError, match=said):
        list(parser.feed(encode(EXAMPLES[1])))


def test_fields_of_a_later_version_are_ignored() -> None:
    sent = octets(["Discard", {"call": "c0ffee", "reason": "hung up"}])
    assert list(MessageParser().feed(sent)) == [messages.Discard(call="c0ffee")]


def test_a_message_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(StoreProtocolError, match="a Unavailable of 16777258 octets is longer than 16777216"):
        encode(messages.Unavailable(request=1, problem="x" * MAX_BYTES))
