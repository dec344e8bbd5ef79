"""Calls straight to the service, which is the real one: it takes them for Asterisk's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np

from credentials.model import LoginVerdict
from ivr.lab.load.crowd.direct_trunk import DirectTrunk, DirectWay
from ivr.lab.load.crowd.keying import keying
from ivr.lab.load.crowd.plan import Style
from ivr.lab.load.crowd.trunk import SLOTS, Change
from tests.ivr.lab.load.plans import EVENTS, TONES, plan
from tests.ivr.service.scripted_asterisk import CONTRACT, PASSWORD, SECRET, ScriptedHouse

PLACE = 4


class Phone:
    """One place of a trunk, 20 ms at a time."""

    def __init__(self, house: ScriptedHouse, secret: str = SECRET) -> None:
        way = DirectWay(service=("127.0.0.1", house.settings.agi_port), secret=secret)
        self.trunk: DirectTrunk = way.open(10)
        self.changes: list[Change] = []
        self.loud = 0
        self.pressed = 0
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
                await asyncio.sleep(0.02)

    async def press(self, keys: str, style: Style) -> None:
        self.trunk.press(PLACE, keying(keys, style))
        pressed = self.pressed
        await self.until(lambda: self.pressed > pressed)


async def test_a_caller_sets_a_password_by_tones_and_by_events(house: ScriptedHouse) -> None:
    phone = Phone(house)
    phone.dial()
    await phone.until(lambda: phone.loud > 5)
    assert phone.changes == [Change.ANSWERED]
    await phone.press("1", EVENTS)
    await phone.press(PASSWORD, TONES)
    await phone.press(PASSWORD, EVENTS)
    heard = phone.loud
    await phone.until(lambda: phone.loud > heard + 5)  # the store's answer
    assert house.verdict() is LoginVerdict.ACCEPTED
    phone.trunk.close()


async def test_a_caller_who_hangs_up_has_hung_up_and_the_place_is_free(house: ScriptedHouse) -> None:
    phone = Phone(house)
    phone.dial()
    await phone.until(lambda: phone.loud > 5)
    phone.trunk.hang_up(PLACE, time.monotonic())
    await phone.until(lambda: Change.ENDED in phone.changes)
    await house.logged('"outcome": "abandoned"|outcome=abandoned')
    phone.dial()
    await phone.until(lambda: phone.changes[-1] is Change.ANSWERED)
    phone.trunk.close()


async def test_a_call_that_the_service_turns_away_ends_without_an_answer(house: ScriptedHouse) -> None:
    phone = Phone(house, secret="another-secret")
    phone.dial()
    await phone.until(lambda: bool(phone.changes))
    assert phone.changes == [Change.ENDED]


async def test_a_call_to_nobody_ends(house: ScriptedHouse) -> None:
    way = DirectWay(service=("127.0.0.1", 1), secret=SECRET)
    phone = Phone(house)
    phone.trunk = way.open(10)
    phone.dial()
    await phone.until(lambda: bool(phone.changes))
    assert phone.changes == [Change.ENDED]
