"""The messages between a worker and its chief, as octets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.vitals import Vitals
from ivr.service.watching.turned_away import TurnedAway
from ivr.service.workers import messages
from ivr.service.workers.messages import Message, WorkerProtocolError, decode, encode

numbers = st.integers(0, 2**63)
texts = st.text(st.characters(exclude_categories=["Cs"]))
some_messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(messages.HandOver),
    st.builds(messages.Stop),
    st.builds(messages.Placed, request=numbers, refusal=st.none() | st.sampled_from(TurnedAway)),
    st.builds(messages.ReadMetrics, request=numbers),
    st.builds(messages.Serving, version=numbers),
    st.builds(messages.NotServing, problem=texts),
    st.builds(messages.TakePlace, request=numbers, number=texts),
    st.builds(messages.GiveBack, number=texts),
    st.builds(messages.Report, vitals=st.just(Vitals(calls=3, late_ms=1.5, strain="").as_json())),
    st.builds(messages.MetricsPage, request=numbers, page=texts),
)


@given(some_messages)
def test_a_message_comes_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


shapes = st.lists(texts | st.dictionaries(texts, texts)).map(lambda packet: json.dumps(packet).encode())


@given(st.binary() | shapes)
def test_what_is_no_message_is_refused_and_not_shown(packet: bytes) -> None:
    with pytest.raises(WorkerProtocolError, match=f"^a packet of {len(packet)} octets is no message of version 1$"):
        decode(packet)


def test_a_field_that_a_newer_version_adds_does_no_harm() -> None:
    assert decode(b'["Serving",{"version":1,"mood":"good"}]') == messages.Serving(version=1)


@pytest.mark.parametrize(
    "packet", [b'["Serving",{}]', b'["Placed",{"request":"x"}]', b'["Nonsense",{}]', b"[]", b"\xff"]
)
def test_a_message_that_lacks_something_is_refused(packet: bytes) -> None:
    with pytest.raises(WorkerProtocolError):
        decode(packet)
