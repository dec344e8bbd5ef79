"""Keys as packets: the receiver hears exactly the keys of the tones, and events are as RFC 4733 has them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import analyse, decode, ulaw_decode
from ivr.lab.load.crowd.keying import Keying, keying
from ivr.lab.load.crowd.plan import draw
from ivr.lab.load.lines import LoadLine
from tests.ivr.lab.load.plans import EVENTS, TONES


def audio(made: Keying) -> NDArray[np.int16]:
    return ulaw_decode(made.audio.reshape(-1))


def test_tones_are_the_keys_and_start_when_they_are_said_to() -> None:
    made = keying("159#", TONES)
    keys = analyse(audio(made))
    assert "".join(key.key for key in keys) == "159#"
    assert made.first_key_s == 0.005
    assert keys[0].begin_s == pytest.approx(made.first_key_s, abs=0.004)
    assert keys[-1].begin_s == pytest.approx(made.last_key_s, abs=0.004)
    assert made.events == {}


def test_whatever_a_plan_draws_is_heard_as_its_keys() -> None:
    for number in range(60):
        plan = draw(1, number, LoadLine.numbered(number))
        for entry in plan.entries if not plan.style.by_events else ():
            assert decode(audio(keying(entry.keys, plan.style))) == entry.keys, plan


def test_an_event_counts_up_and_its_end_is_sent_three_times() -> None:
    made = keying("7#", EVENTS)
    assert sorted(made.events) == [0, 1, 2, 3, 4, 8, 9, 10, 11, 12]
    packets = [
        (frame, packet.started, packet.repeats, *struct.unpack(">BBH", packet.payload))
        for frame, packet in made.events.items()
    ]
    assert packets[:2] == [(0, 0, 1, 7, 10, 160), (1, 1, 1, 7, 10, 320)]
    assert packets[4] == (4, 4, 3, 7, 0x80 | 10, 800)
    assert packets[5] == (8, 0, 1, 11, 10, 160)
    assert "".join(packet.key for packet in made.events.values()) == "77777#####"
    assert (made.frames, made.first_key_s, made.last_key_s) == (16, 0.0, 0.16)
    assert not ulaw_decode(made.audio).any()


def test_packets_do_not_show_their_keys() -> None:
    shown = repr(keying("7#", EVENTS))
    assert "payload" not in shown
    assert "7" not in shown
