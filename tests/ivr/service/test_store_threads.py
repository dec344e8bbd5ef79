"""What live calls ask of the store, in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from credentials.limits.throttling import CallLimits
from credentials.model import LoginVerdict
from credentials.secrets.argon2id import Argon2id
from credentials.store import CredentialStore
from ivr.call.dialogue.events import Admitted, NotAdmitted, PreparePassword, RefusalReason, StoreAway, Stored
from ivr.service.store_threads import StoreThreads
from storage.errors import StoreUnavailable
from tests.credentials.stores import check
from tests.ivr.service.asking_stores import CALLER, CONTRACT, OTHER, PASSWORD, PREPARE, live, stored
from tests.ivr.telephony.servers import until


async def test_a_call_that_has_failed_counts_against_its_line_though_nobody_waits_for_that(
    store: CredentialStore,
) -> None:
    store._limits = CallLimits(failed_calls=1)
    threads = StoreThreads(store, patience_s=10)
    call = threads.of_call(CALLER, "c0ffee", broken=lambda: pytest.fail("nothing was answered"))
    call.note_failure()
    await until(lambda: "CALL_FAILED" in {record.action for record in store.audit_records(number="0312345678")})
    assert await threads.admission(CALLER) == NotAdmitted(RefusalReason.THROTTLED)
    threads.close()


class TestHashingAhead:
    """docs/rules.md 2.6"""

    @pytest.fixture
    def hashing(self, monkeypatch: pytest.MonkeyPatch) -> Hashing:
        return Hashing(monkeypatch)

    @pytest.fixture
    def threads(self, store: CredentialStore) -> Iterator[StoreThreads]:
        threads = StoreThreads(store, patience_s=10)
        yield threads
        threads.close()

    async def test_the_hash_is_made_while_the_caller_repeats_the_password(
        self, threads: StoreThreads, hashing: Hashing
    ) -> None:
        call = live(threads)
        call.prepare_password(PREPARE)
        await until(lambda: hashing.made == 1)
        hashing.forbid()
        assert await stored(call) == Stored()

    async def test_a_password_whose_hash_is_not_ready_waits_for_it(
        self, threads: StoreThreads, hashing: Hashing
    ) -> None:
        hashing.hold()
        call = live(threads)
        call.prepare_password(PREPARE)
        answer = asyncio.create_task(stored(call))
        await until(lambda: hashing.begun == 1)
        assert (threads.running, answer.done()) == (1, False)
        hashing.go_on()
        assert await answer == Stored()
        assert hashing.made == 1

    async def test_the_store_is_behind_for_as_long_as_the_oldest_password_waits(
        self, threads: StoreThreads, hashing: Hashing
    ) -> None:
        assert threads.behind_s == 0.0
        hashing.hold()
        live(threads, "first").prepare_password(PREPARE)
        before = threads.behind_s
        live(threads, "second").prepare_password(PREPARE)
        await until(lambda: threads.behind_s > before + 0.1)
        hashing.go_on()
        await until(lambda: threads.behind_s == 0.0)

    async def test_what_is_thrown_away_is_not_even_begun_if_others_are_before_it(
        self, threads: StoreThreads, hashing: Hashing
    ) -> None:
        hashing.hold()
        calls = [live(threads, f"call {number}") for number in range(6)]
        for call in calls:
            call.prepare_password(PREPARE)
        await until(lambda: (threads.running, threads.waiting) == (4, 2))
        for call in calls:
            call.discard_password()
        await until(lambda: (threads.running, threads.waiting) == (4, 0))
        hashing.go_on()
        await until(lambda: (threads.running, threads.waiting) == (0, 0))
        assert hashing.made == 4

    async def test_a_discarded_password_leaves_its_call_with_the_next_one(
        self, threads: StoreThreads, store: CredentialStore
    ) -> None:
        call = live(threads)
        call.prepare_password(PREPARE)
        call.discard_password()
        call.prepare_password(PreparePassword(CONTRACT, OTHER))
        assert await stored(call, OTHER) == Stored()
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.WRONG
        assert check(store, CONTRACT, OTHER).accepted

    async def test_a_hash_that_fails_is_a_store_that_is_away(
        self, threads: StoreThreads, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(_self: Argon2id, _secret: bytes) -> str:
            raise MemoryError

        monkeypatch.setattr(Argon2id, "hash", fail)
        call = live(threads)
        call.prepare_password(PREPARE)
        assert await stored(call) == StoreAway()
        assert "storing_failed" in capsys.readouterr().out

    async def test_a_store_that_is_away_for_a_moment_costs_its_callers_nothing(
        self, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = StoreThreads(store, patience_s=60, admitted_within_s=60, stored_within_s=60)
        tries = {"admit": 0, "set_temporary_password": 0}

        def away_at_first(name: str) -> None:
            real = getattr(store, name)

            def asked(*words: object, **named: object) -> object:
                tries[name] += 1
                if tries[name] < 3:
                    raise StoreUnavailable("the database is being started")
                return real(*words, **named)

            monkeypatch.setattr(store, name, asked)

        for name in tries:
            away_at_first(name)
        assert isinstance(await threads.admission(CALLER), Admitted)
        assert await stored(live(threads)) == Stored()
        assert tries == {"admit": 3, "set_temporary_password": 3}
        assert check(store, CONTRACT, PASSWORD).accepted
        threads.close()

    async def test_who_has_hung_up_meanwhile_is_not_asked_for_again(
        self, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = StoreThreads(store, patience_s=60, stored_within_s=60)
        call = live(threads)
        tries = []

        def away(**_: object) -> None:
            tries.append(1)
            call.withdraw()
            raise StoreUnavailable("the database is being started")

        monkeypatch.setattr(store, "set_temporary_password", away)
        assert await stored(call) == StoreAway()
        assert len(tries) == 1
        threads.close()

    async def test_a_stopped_service_prepares_nothing(self, threads: StoreThreads) -> None:
        threads.close()
        live(threads).prepare_password(PREPARE)
        assert (threads.running, threads.waiting) == (0, 0)


class Hashing:
    """Counts the hashes that are computed, and holds them up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = self.made = 0
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        real = Argon2id.hash

        def counted(argon2id: Argon2id, secret: bytes) -> str:
            self.begun += 1
            assert self._may_go_on.wait(10)
            made = real(argon2id, secret)
            self.made += 1
            return made

        monkeypatch.setattr(Argon2id, "hash", counted)
        self._monkeypatch = monkeypatch

    def hold(self) -> None:
        self._may_go_on.clear()

    def go_on(self) -> None:
        self._may_go_on.set()

    def forbid(self) -> None:
        self._monkeypatch.setattr(Argon2id, "hash", lambda _self, _secret: pytest.fail("it is hashed already"))
