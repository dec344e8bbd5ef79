"""Calls straight to the service, which is the real one: it takes them for Asterisk's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest

from credentials.audit import Action
from credentials.model import LoginVerdict
from ivr.lab.load.crowd.direct.direct_trunk import DirectWay
from ivr.lab.load.crowd.keying import keying
from ivr.lab.load.crowd.plan import Style
from ivr.lab.load.crowd.trunk import SLOTS, Change
from ivr.media.clock import TICK_S
from tests.ivr.lab.load.plans import EVENTS, TONES, plan
from tests.ivr.service.scripted_asterisk import CONTRACT, PASSWORD, SECRET, ScriptedHouse

PLACE = 4


class Phone:
    """One place of a trunk, 20 ms at a time."""

    def __init__(self, port: int, secret: str = SECRET) -> None:
        way = DirectWay(service=("127.0.0.1", port), secret=secret)
        self.trunk = way.open(10)
        self.close = self.trunk.close
        self.changes: list[Change] = []
        self.loud = 0
        self.pressed = 0
        self.next_frame = time.monotonic()
        assert secret not in repr(way)

    def dial(self) -> None:
        self.trunk.dial(PLACE, plan(caller=CONTRACT), np.random.default_rng(1), time.monotonic())

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not reached():
                self.changes += [change for place, change in self.trunk.changes(time.monotonic()) if place == PLACE]
                for places, has_speech, _ in self.trunk.hear(time.monotonic()):
                    assert set(places.tolist()) == {PLACE}
                    self.loud += int(has_speech.sum())
                self.pressed += sum(sent.is_over for sent in self.trunk.send(PLACE % SLOTS))
                self.next_frame += TICK_S
                await asyncio.sleep(max(0.0, self.next_frame - time.monotonic()))

    async def press(self, keys: str, style: Style) -> None:
        self.trunk.press(PLACE, keying(keys, style))
        pressed = self.pressed
        await self.until(lambda: self.pressed > pressed)


@pytest.fixture
def phone(house: ScriptedHouse) -> Iterator[Phone]:
    with closing(Phone(house.settings.agi_port)) as phone:
        phone.dial()
        yield phone


def is_stored(house: ScriptedHouse) -> bool:
    return any(record.action == Action.TEMPORARY_PASSWORD_SET for record in house.store.audit_records())


@pytest.mark.parametrize("style", [TONES, EVENTS], ids=["tones", "events"])
async def test_a_caller_sets_a_password(house: ScriptedHouse, phone: Phone, style: Style) -> None:
    await phone.until(lambda: phone.loud > 5)
    assert phone.changes == [Change.ANSWERED]
    for keys in ("1", PASSWORD, PASSWORD):
        await phone.press(keys, style)
    await phone.until(lambda: is_stored(house))
    assert house.verdict() is LoginVerdict.ACCEPTED


async def test_a_caller_who_hangs_up_has_hung_up_and_the_place_is_free(house: ScriptedHouse, phone: Phone) -> None:
    await phone.until(lambda: phone.loud > 5)
    phone.trunk.hang_up(PLACE, time.monotonic())
    await phone.until(lambda: Change.ENDED in phone.changes)
    await house.logged('"abandoned"')
    phone.dial()
    await phone.until(lambda: phone.changes[-1] is Change.ANSWERED)


async def test_a_call_that_the_service_turns_away_ends_without_an_answer(house: ScriptedHouse) -> None:
    with closing(Phone(house.settings.agi_port, secret="another-secret")) as phone:
        phone.dial()
        await phone.until(lambda: bool(phone.changes))
        assert phone.changes == [Change.ENDED]


async def test_a_call_to_nobody_ends() -> None:
    with closing(Phone(1)) as phone:
        phone.dial()
        await phone.until(lambda: bool(phone.changes))
        assert phone.changes == [Change.ENDED]
