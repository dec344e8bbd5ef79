"""Keys that a telephone sends as SIP INFO count, and a tone of the same press beside them does not count again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from credentials.model import LoginVerdict
from dsp import synthesize
from ivr.lab.house import ACCESS_NUMBER
from ivr.lab.scenarios.phone import PhoneCall, open_call
from ivr.lab.sender import Sent
from sound.samples import to_int16
from sound.telephone import FRAME_SAMPLES
from tests.live.house import TRUNK_HOST, House, new_password

CALLER = "0661234567"
SILENCE = np.zeros(FRAME_SAMPLES, np.int16)


def sound_of(key: str) -> Iterator[Sent]:
    """A press of 100 ms and the pause after it."""
    tone = to_int16(synthesize(key, tone_s=0.1, pause_s=0.3))
    for begin in range(0, len(tone) - FRAME_SAMPLES, FRAME_SAMPLES):
        yield Sent(audio=tone[begin : begin + FRAME_SAMPLES])


async def wait(call: PhoneCall, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        call.send(Sent(audio=SILENCE))
        await asyncio.sleep(0.02)


async def press(call: PhoneCall, keys: str, *, sounding: bool, late_s: float) -> None:
    for key in keys:
        for tick, sent in enumerate(sound_of(key)):
            if tick == round(late_s / 0.02):
                call.inform(key)
            call.send(sent if sounding else Sent(audio=SILENCE))
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("sounding", "late_s"), [(False, 0.0), (True, 0.1)], ids=["alone", "at the end of a tone"])
async def test_a_caller_gets_through_with_them(house: House, sounding: bool, late_s: float) -> None:
    password = new_password()
    call = await open_call(exchange=("127.0.0.1", house.sip_port), host=TRUNK_HOST, number=ACCESS_NUMBER)
    await call.dial(CALLER)
    await wait(call, 1.0)
    for keys in ("1", password, password):
        await press(call, keys, sounding=sounding, late_s=late_s)
        await wait(call, 1.0)
    await wait(call, 1.0)
    await call.hang_up()
    call.close()
    assert await asyncio.to_thread(house.check, CALLER, password) is LoginVerdict.ACCEPTED
