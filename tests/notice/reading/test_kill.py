"""kill -9 of a reader at any moment, under calls and rotations: each call has one verdict, each mail exists once."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from credentials.secrets.keys import KeyRing
from mail.outbox import Outbox
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from notice.store.schema import calls
from storage.clock import utc_now
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.notice.journals import NUMBER, answered_call, missed_call
from tests.notice.subscribers import ANN, BEN, deliveries

pytestmark = pytest.mark.slow

CALLS, KILLS = 600, 6
_WRITES_S = 6.0
VICTIM = Path(__file__).with_name("victim.py")


def write_calls(journal: Path, chance: random.Random) -> None:
    """Be the exchange: write the steps of overlapping calls, each line by itself, and rotate the file now and then."""
    now = utc_now()
    open_calls: list[list[bytes]] = []
    made = 0
    pause_s = _WRITES_S / (CALLS * 4.5)
    while made < CALLS or open_calls:
        if made < CALLS and (len(open_calls) < 40 or chance.random() < 0.2):
            one = chance.choice((answered_call, missed_call))
            open_calls.append(list(one(call=str(made), start=now, for_s=chance.uniform(0.0, 20.0))))
            made += 1
        ringing = chance.choice(open_calls)
        with journal.open("ab") as file:
            file.write(ringing.pop(0) + b"\n")
        if not ringing:
            open_calls.remove(ringing)
        if chance.random() < 0.003:
            journal.rename(journal.with_name(f"{journal.name}.{time.monotonic_ns()}"))
        time.sleep(pause_s)


def start(url: str, keys: KeyRing, journal: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-W", "error", str(VICTIM), url, keys.to_text(), str(journal)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline().strip() == b"ready"
    return process


def test_killed_again_and_again_readers_give_each_call_one_verdict_and_each_mail_once(
    empty_url: str, keys: KeyRing, journal: Path
) -> None:
    chance = random.Random(20260401)
    with NoticeStore.open(empty_url, key=keys, policy=CHEAP, limits=MANY_CALLS) as store:
        store.import_lines(io.StringIO(LINES, newline=""))
        chosen = Settings(started=True, addresses=(Address(address=ANN), Address(address=BEN)))
        with store._database.writing() as connection:
            table.replace(connection, NUMBER, chosen, utc_now())
        exchange = threading.Thread(target=write_calls, args=(journal, random.Random(7)))
        exchange.start()
        for _ in range(KILLS):
            victim = start(empty_url, keys, journal)
            time.sleep(chance.uniform(0.0, 0.6))
            victim.kill()
            victim.wait()
        exchange.join()
        last = start(empty_url, keys, journal)
        give_up = time.monotonic() + 60
        while _count(store) < CALLS and time.monotonic() < give_up:
            time.sleep(0.1)
        time.sleep(1.0)  # one verdict too many would come now
        last.terminate()
        assert last.wait() == 0
        outbox = Outbox(keys)
        with store._database.reading() as connection:
            found = Counter(connection.scalars(select(calls.c.linked_id)))
            why = Counter(connection.scalars(select(calls.c.why)))
        mails = Counter(letter.address for letter in deliveries(store, outbox, NUMBER))
    assert len(found) == CALLS
    assert set(found.values()) == {1}
    assert why == {"mailed": CALLS}
    assert mails == {ANN: CALLS, BEN: CALLS}


def _count(store: NoticeStore) -> int:
    with store._database.reading() as connection:
        return len(connection.scalars(select(calls.c.call_id)).all())
