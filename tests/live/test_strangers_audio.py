"""Keys that a stranger sends to a call's audio port before its caller has sent anything."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dsp import synthesize
from dsp.line.g711 import ulaw_encode
from ivr.lab.house import ACCESS_NUMBER
from ivr.lab.scenarios.phone import open_call
from sound.samples import to_int16
from tests.live.house import TRUNK_HOST, House

STRANGER = "127.0.0.9"
SAMPLES = 160


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(Path(tmp_path_factory.mktemp("strangers"))) as house:
        yield house


async def test_they_are_not_the_callers(house: House) -> None:
    tones = to_int16(synthesize("111", tone_s=0.1, pause_s=0.1))
    sound = bytes(ulaw_encode(tones).astype(np.uint8))
    call = await open_call(exchange=("127.0.0.1", house.sip_port), host=TRUNK_HOST, number=ACCESS_NUMBER)
    await call.dial("0312345678")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((STRANGER, 0))
        for number in range(300):  # 6 s: Asterisk learns where audio comes from in the first 5
            at = number * SAMPLES % (len(sound) // SAMPLES * SAMPLES)
            header = struct.pack(">BBHII", 0x80, 0, number, number * SAMPLES, 4711)
            stranger.sendto(header + sound[at : at + SAMPLES], call.media)
            await asyncio.sleep(0.02)
    await call.hang_up()
    call.close()
    began = next(json.loads(line) for line in house.service_log().decode().splitlines() if '"call_began"' in line)
    shown = house.ivr("call", "show", began["call"]).stdout
    assert "abandoned" in shown
    assert "0 heard, 0 near misses" in shown
