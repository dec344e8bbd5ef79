"""kill -9 of a sender at any moment: its letters are sent by another, twice only where the server had taken them."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from credentials.secrets.keys import KeyRing
from ivr.lab.hosts.certificates import Certificates
from mail.outbox import Outbox, State
from storage.clock import utc_now
from storage.database import Database
from tests.mail.post import UNLIMITED, letter_for
from tests.mail.smtp_server import ScriptedServer

pytestmark = pytest.mark.slow

VICTIM = Path(__file__).with_name("victim.py")
LETTERS, KILLS = 60, 6

StartSender = Callable[[int], Awaitable[Process]]


@pytest.fixture
async def start_sender(
    migrated_url: str, database: Database, keys: KeyRing, certificates: Certificates
) -> AsyncIterator[StartSender]:
    started: list[Process] = []

    async def start(port: int) -> Process:
        command = [str(VICTIM), migrated_url, keys.to_text(), str(port), str(certificates.authority)]
        process = await asyncio.create_subprocess_exec(sys.executable, "-W", "error", *command, stdout=PIPE)
        started.append(process)
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"ready"
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def add(database: Database, keys: KeyRing, count: int) -> list[str]:
    outbox = Outbox(keys, limits=UNLIMITED)

    def add_all() -> list[str]:
        with database.writing() as connection:
            people = (letter_for(utc_now(), to=f"person{number}@example.jp") for number in range(count))
            return [outbox.add(connection, letter) for letter in people]

    return await asyncio.to_thread(add_all)


async def all_taken(database: Database, keys: KeyRing, letters: list[str], within_s: float) -> None:
    outbox = Outbox(keys)

    def waiting() -> int:
        with database.reading() as connection:
            found = outbox.deliveries(connection, most=len(letters))
        return sum(delivery.state is not State.TAKEN for delivery in found)

    async with asyncio.timeout(within_s):
        while True:
            if await asyncio.to_thread(waiting) == 0:
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("takes_first", [False, True], ids=["the server had not taken it", "the server had taken it"])
async def test_a_letter_in_the_hands_of_a_killed_sender_is_sent_by_another_and_twice_only_where_it_was_taken(
    database: Database,
    keys: KeyRing,
    start_server: Callable[..., Awaitable[ScriptedServer]],
    start_sender: StartSender,
    *,
    takes_first: bool,
) -> None:
    server = await start_server(slow_s=1.0, takes_first=takes_first)
    letters = await add(database, keys, 1)
    victim = await start_sender(server.port)
    await asyncio.sleep(0.5)  # the server is thinking about the text
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    await start_sender(server.port)
    await all_taken(database, keys, letters, within_s=20)
    ids = [received.mail["Message-ID"] for received in server.received]
    assert ids == [f"<{letters[0]}@karipass.example.jp>"] * (2 if takes_first else 1)


async def test_killed_again_and_again_senders_lose_no_letter_and_send_twice_only_what_was_in_their_hands(
    database: Database, keys: KeyRing, start_server: Callable[..., Awaitable[ScriptedServer]], start_sender: StartSender
) -> None:
    chance = random.Random(20260401)
    server = await start_server(slow_s=0.05, takes_first=True)
    letters = await add(database, keys, LETTERS)
    for _ in range(KILLS):
        victim = await start_sender(server.port)
        await asyncio.sleep(chance.uniform(0.0, 0.15))
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
    await start_sender(server.port)
    await all_taken(database, keys, letters, within_s=60)
    times = Counter(str(received.mail["Message-ID"]) for received in server.received)
    assert set(times) == {f"<{letter_id}@karipass.example.jp>" for letter_id in letters}
    again = sum(times.values()) - LETTERS
    print(f"\n{LETTERS} letters, {KILLS} kills, {again} sent twice: the server had them when their sender was killed")
    assert again <= KILLS * 8  # what a sender may have in its hands


async def test_a_sender_that_is_stopped_in_order_sends_nothing_twice(
    database: Database, keys: KeyRing, start_server: Callable[..., Awaitable[ScriptedServer]], start_sender: StartSender
) -> None:
    server = await start_server(slow_s=0.05)
    letters = await add(database, keys, LETTERS)
    for _ in range(3):
        sender = await start_sender(server.port)
        await asyncio.sleep(0.1)
        sender.terminate()
        assert await sender.wait() == 0
    await start_sender(server.port)
    await all_taken(database, keys, letters, within_s=60)
    assert len(server.received) == LETTERS
