"""Whether deletes keep up: old calls, letters and verdicts are removed while a country's evening is written.

    python -m tests.scale.retention --seconds 20

The server is durable. Calls have 25 entries each.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from credentials.secrets.keys import Key
from ivr.lab.postgresql.server import server_programs
from ivr.records import CallBegan, RecordedEntry
from ivr.records.changes import Change, EntryNoted, Progress
from tests.scale.filling import Size, number
from tests.scale.plans import ROOM, filled
from tests.scale.product import Product, days_ago, product
from tests.storage.postgresql import Server, serving

CALLS_PER_S: Final = 50
_ENTRIES: Final = 25
_OLD: Final = (
    "INSERT INTO call_entries SELECT call_id, position, position * 2.0, 'key', repeat('x', 120)"
    " FROM (SELECT call_id FROM calls ORDER BY began_at LIMIT %s) AS old, generate_series(0, 24) AS position"
    " ON CONFLICT DO NOTHING"
)


def write_calls(on: Product, turn: int, count: int) -> None:
    """Write the records of calls, as a recorder does with those of a second."""
    now = datetime.now(UTC)
    changes: list[Change] = []
    for place in range(count):
        call_id = f"{turn:08d}{place:04d}"
        changes += [
            CallBegan(call_id=call_id, channel_id="1", trunk="a", began_at=now, caller=number(place), language="ja"),
            *(EntryNoted(call_id, RecordedEntry(at, 1.0, "key", {"x": "x" * 120})) for at in range(_ENTRIES)),
            Progress(
                call_id=call_id,
                language="ja",
                unit="LINE",
                target=number(place),
                step="done",
                wrong_entries=0,
                silences=0,
                keys=18,
                missed=0,
                ended_at=now,
                outcome="set",
                reason="set",
            ),
        ]
    on.writer.write(changes)


def rate(do: Callable[[], int], seconds: float) -> float:
    """Return how many of something are done in a second."""
    start, done = time.monotonic(), 0
    while time.monotonic() < start + seconds:
        some = do()
        if not some:
            break
        done += some
    return done / (time.monotonic() - start)


def evening(on: Product, over: threading.Event) -> list[float]:
    """Write calls at the rate of a country's evening, and set passwords meanwhile; return the milliseconds of each."""
    took, turn, start = list[float](), 0, time.monotonic()
    while not over.is_set():
        turn += 1
        write_calls(on, turn, CALLS_PER_S)
        while time.monotonic() < start + turn and not over.is_set():
            whose, began = on.other(turn * 20 + len(took) % 20), time.monotonic()
            unit = on.store.line_of(whose).unit
            if unit is not None:
                on.store.set_temporary_password(
                    caller=whose, target=whose, unit=unit, password="73519264", call_id=f"{turn}-{len(took)}"
                )
                took.append((time.monotonic() - began) * 1000)
            time.sleep(1 / CALLS_PER_S)
    return took


def entries(server: Server, name: str) -> int:
    """Count the entries of all calls."""
    with psycopg.connect(f"host={server.directory} user=karipass dbname={name}") as connection:
        row = connection.execute("SELECT count(*) FROM call_entries").fetchone()
    return 0 if row is None else int(row[0])


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--records", type=int, default=10_000_000)
    asked = parser.parse_args(words)
    programs = server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    key, size = Key.generate(), Size(numbers=100_000, records=asked.records)
    with serving(programs, **ROOM) as server:
        name = filled(server, key, size)
        with psycopg.connect(f"host={server.directory} user=karipass dbname={name}") as connection:
            connection.execute(_OLD.encode(), [min(400_000, size.rows["calls"] // 3)])
        server.execute("ANALYZE", name)
        with product(server.url(name), key, size) as on:
            now_is_later = days_ago(60)
            turns = iter(range(10_000_000, 99_999_999))

            def write() -> int:
                write_calls(on, next(turns), CALLS_PER_S)
                return CALLS_PER_S

            def forget() -> int:
                return on.writer.forget_before(now_is_later)

            print(f"| calls written | {rate(write, asked.seconds):,.0f} /s |", flush=True)
            before = entries(server, name)
            start, forgotten = time.monotonic(), rate(forget, asked.seconds)
            took_s = time.monotonic() - start
            removed_per_s = (before - entries(server, name)) / took_s
            print(f"| calls forgotten, and their entries | {forgotten:,.0f} and {removed_per_s:,.0f} /s |", flush=True)
            over = threading.Event()
            with ThreadPoolExecutor(1) as threads:
                for what, do in (("nothing is forgotten", None), ("calls are forgotten", forget)):
                    over.clear()
                    written = threads.submit(evening, on, over)
                    if do is None:
                        time.sleep(asked.seconds)
                        done = 0.0
                    else:
                        done = rate(do, asked.seconds)
                    over.set()
                    took = sorted(written.result()) or [0.0]
                    print(
                        f"| {CALLS_PER_S} calls/s are written, {what} | {done:,.0f} /s; to set a password:"
                        f" median {statistics.median(took):.0f} ms, 99 % within {took[len(took) * 99 // 100]:.0f} ms |",
                        flush=True,
                    )
            letters = rate(lambda: on.leases.forget(timedelta(days=15)), asked.seconds)
            print(f"| letters forgotten | {letters:,.0f} /s |")
            print(f"| verdicts forgotten | {rate(on.store.forget_calls, asked.seconds):,.0f} /s |")


if __name__ == "__main__":
    main()
