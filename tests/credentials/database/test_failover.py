"""The store when the primary PostgreSQL server dies and its replica takes over.

    python -m tests.credentials.database.test_failover

says how long nothing could be stored.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from credentials.model import Line, Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.lab.postgresql.server import server_programs
from storage.errors import StoreUnavailable
from tests import needs
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.storage.replicas import Pair, replicated

pytestmark = pytest.mark.slow

NUMBER, PASSWORD = "0312345678", "13572468"
CALLERS = 4
_AGAIN_S = 0.05


@dataclass
class Calls:
    """What callers did, from all threads: each call sets a temporary password again until the store takes it.

    Attributes:
        told: the calls whose caller heard that the password is set, each with when.
        refused: how often the store could not be used.
        before: how many had heard it before the replica took over.
        over: ends the calls.
    """

    told: list[tuple[float, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    before: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def make(self, store: CredentialStore, caller: int) -> None:
        """Make one call after the other."""
        turn = 0
        while not self.over.is_set():
            turn += 1
            call_id = f"{caller}-{turn}"
            try:
                assert isinstance(store.admit(NUMBER), Line)
                store.set_temporary_password(
                    caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORD, call_id=call_id
                )
            except StoreUnavailable as error:
                self.refused.append(str(error))
                time.sleep(_AGAIN_S)
            else:
                self.told.append((time.monotonic(), call_id))

    @property
    def longest_pause_s(self) -> float:
        """The longest time in which no caller heard that a password is set."""
        moments = [at for at, _ in sorted(self.told)]
        return max(later - earlier for earlier, later in pairwise(moments))


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicated(needs.postgresql()) as servers:
        yield servers


def opened(pair: Pair, key: Key) -> CredentialStore:
    store = CredentialStore.open(pair.url(pair.primary.create()), key=key, policy=CHEAP, limits=MANY_CALLS)
    store.import_lines(io.StringIO(LINES, newline=""))
    return store


def fail_over_under_calls(pair: Pair, store: CredentialStore, *, away_s: float) -> Calls:
    """Kill the primary under calls, and promote the replica after a while."""
    calls = Calls()
    with ThreadPoolExecutor(CALLERS) as threads:
        callers = [threads.submit(calls.make, store, caller) for caller in range(CALLERS)]
        time.sleep(1)
        pair.primary.kill()
        time.sleep(away_s)
        pair.promote()
        calls.before = len(calls.told)
        give_up = time.monotonic() + 30
        while len(calls.told) < calls.before + 20 and time.monotonic() < give_up:
            time.sleep(_AGAIN_S)
        calls.over.set()
        for caller in callers:
            caller.result()
    return calls


def test_nothing_that_a_caller_was_told_is_lost_with_synchronous_replication(pair: Pair, key: Key) -> None:
    with opened(pair, key) as store:
        pair.replicate_at_once()
        calls = fail_over_under_calls(pair, store, away_s=1)
        recorded = {record.origin for record in store.audit_records()}
        assert calls.before
        assert {f"call {call_id}" for _, call_id in calls.told} <= recorded
        assert calls.refused
        assert len(calls.told) >= calls.before + 20
        assert store.verify_audit().problem is None
        assert store.log_in(NUMBER, PASSWORD, session_id="session").verdict.accepted


def test_with_asynchronous_replication_a_password_that_is_set_may_be_lost_and_the_trail_shows_that(
    pair: Pair, key: Key
) -> None:
    with opened(pair, key) as store:
        pair.catch_up()
        pair.stop_receiving()
        store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORD, call_id="told")
        noted = store.audit_head()
        pair.primary.kill()
        pair.promote_by_force()
        assert "the newest are missing" in (store.verify_audit(since=noted).problem or "")
        assert not store.log_in(NUMBER, PASSWORD, session_id="session").verdict.accepted


def main() -> None:
    programs = server_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    for away_s in (0, 1, 5):
        with replicated(programs) as pair, opened(pair, Key.generate()) as store:
            pair.replicate_at_once()
            calls = fail_over_under_calls(pair, store, away_s=away_s)
            recorded = {record.origin for record in store.audit_records()}
            lost = sum(f"call {call_id}" not in recorded for _, call_id in calls.told)
        print(
            f"promoted after {away_s} s: nothing was stored for {calls.longest_pause_s:.2f} s,"
            f" {len(calls.told)} callers were told that theirs is, {lost} of them wrongly;"
            f" {len(calls.refused)} tries were refused"
        )
        for why in sorted(set(calls.refused)):
            print(f"    {' '.join(why.split())[:150]}")


if __name__ == "__main__":
    main()
