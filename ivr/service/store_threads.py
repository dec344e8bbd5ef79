"""Does the store's work off the event loop: a hash takes a tenth of a second, and a database may take its time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import structlog

from credentials.secrets.temporary import HashedTemporaryPassword
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import (
    Admitted,
    NotAdmitted,
    PreparePassword,
    StoreAnswer,
    StoreAway,
    StorePassword,
)
from ivr.service.store_events import admit, note_failure, prepare_password, store_password
from ivr.service.stores import AGAIN_S

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Prepared = Future[HashedTemporaryPassword]


class StoreThreads:
    """Runs the store for all calls.

    Args:
        store: the credential store.
        patience_s: how long a caller waits to be admitted, in seconds.
        admitted_within_s, stored_within_s: for how many seconds a store that is away is asked again to admit a caller,
            and to store a password. (Storing twice what a call has set changes nothing.)
    """

    def __init__(
        self,
        store: CredentialStore,
        *,
        patience_s: float,
        admitted_within_s: float = 0.0,
        stored_within_s: float = 0.0,
    ) -> None:
        self._store = store
        self._patience_s = patience_s
        self._admitted_within_s = admitted_within_s
        self._stored_within_s = stored_within_s
        self._admissions = ThreadPoolExecutor(4, thread_name_prefix="admission")  # never behind a queue of hashes
        self._hashing = ThreadPoolExecutor(4, thread_name_prefix="hashing")
        self._storing = ThreadPoolExecutor(16, thread_name_prefix="storing")
        self._asked: dict[Future[Any], float] = {}
        """The work that was asked for and is not done, and when."""
        self._running = 0
        self._counting = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many passwords are being hashed or stored."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many passwords wait for a thread."""
        with self._counting:
            return len(self._asked) - self._running

    @property
    def behind_s(self) -> float:
        """For how many seconds the oldest password that is not hashed or stored has been asked for; 0 without one."""
        with self._counting:
            return time.monotonic() - next(iter(self._asked.values())) if self._asked else 0.0

    def now(self) -> datetime:
        """Return the present moment by the store's clock."""
        return self._store.now()

    @property
    def clock_ahead_s(self) -> float | None:
        """Not known here: a store process has its clock compared (`ivr.cli.serving.registered`)."""
        return None

    async def admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Ask the store whether a caller is admitted. A store that does not answer in time counts as away."""
        give_up = time.monotonic() + self._admitted_within_s
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    answer = await self._admit(caller)
                    if not isinstance(answer, StoreAway) or time.monotonic() >= give_up:
                        return answer
                    await asyncio.sleep(AGAIN_S)
        except TimeoutError:
            _log.error("store_away", during="admission", problem=f"no answer within {self._patience_s:g} s")
            return StoreAway()

    async def _admit(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        return await asyncio.get_running_loop().run_in_executor(self._admissions, admit, self._store, caller)

    def of_call(self, caller: Caller, call_id: str, *, broken: Callable[[], None]) -> ThreadedCallStore:
        """Make the store of one call.

        Args:
            caller: who calls.
            call_id: the call.
            broken: called on the loop if the call breaks while it takes an answer.
        """
        return ThreadedCallStore(self, caller, call_id, broken)

    def close(self) -> None:
        """Take no more work. Work under way goes on in its thread."""
        self._admissions.shutdown(wait=False)
        self._hashing.shutdown(wait=False)
        self._storing.shutdown(wait=False)

    def prepare_password(self, command: PreparePassword) -> Prepared:
        """Start to hash a password that may be stored later."""
        return self._counted(self._hashing, lambda: prepare_password(self._store, command))

    async def store_password(
        self,
        command: StorePassword,
        *,
        caller: Caller,
        call_id: str,
        prepared: Prepared | None,
        still_wanted: Callable[[], bool],
    ) -> StoreAnswer:
        """Store a password once its hash is ready. Whatever goes wrong, the caller gets an answer."""
        give_up = time.monotonic() + self._stored_within_s
        try:
            hashed = None
            if prepared is not None:
                hashed = await asyncio.wrap_future(prepared)

            def store() -> StoreAnswer:
                return store_password(
                    self._store, command, caller=caller, call_id=call_id, prepared=hashed, still_wanted=still_wanted
                )

            while True:
                answer = await asyncio.wrap_future(self._counted(self._storing, store))
                if not isinstance(answer, StoreAway) or not still_wanted() or time.monotonic() >= give_up:
                    return answer
                await asyncio.sleep(AGAIN_S)
        except Exception:  # noqa: BLE001 - the border of a call: the caller must get an answer, whatever failed
            _log.exception("storing_failed", call=call_id)
            return StoreAway()

    def _counted(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
        """Have a pool do work that counts as running, or as waiting until then."""

        def run() -> T:
            with self._counting:
                self._running += 1
            return work()

        def over(done: Future[T]) -> None:
            with self._counting:
                del self._asked[done]
                self._running -= not done.cancelled()

        with self._counting:
            submitted = pool.submit(run)
            self._asked[submitted] = time.monotonic()
        submitted.add_done_callback(over)
        return submitted

    async def note_failure(self, *, caller: Caller, call_id: str) -> None:
        """Count a call that has failed against its line."""
        await asyncio.get_running_loop().run_in_executor(
            self._storing, lambda: note_failure(self._store, caller=caller, call_id=call_id)
        )

    async def finish(self) -> None:
        """Wait until the work that was taken is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work that nobody waits for but `finish`: a call's goes on even if the call ends first."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class ThreadedCallStore:
    """The store of one live call (`ivr.call.store.CallStore`): answers come later, on the loop."""

    def __init__(self, threads: StoreThreads, caller: Caller, call_id: str, broken: Callable[[], None]) -> None:
        self._threads = threads
        self._caller = caller
        self._call_id = call_id
        self._broken = broken
        self._prepared: Prepared | None = None
        self._withdrawn = threading.Event()

    def prepare_password(self, command: PreparePassword) -> None:
        """Have a thread hash a password, unless the service has stopped."""
        with contextlib.suppress(RuntimeError):
            self._prepared = self._threads.prepare_password(command)

    def discard_password(self) -> None:
        """Throw the hash away; it is not even computed if no thread has begun to."""
        if self._prepared is not None:
            self._prepared.cancel()
            self._prepared = None

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Have a thread store a password."""
        prepared, self._prepared = self._prepared, None
        self._threads.keep(self._store_password(command, prepared, answered))

    def withdraw(self) -> None:
        """Take the request to store back, if it is not too late."""
        self._withdrawn.set()

    def note_failure(self) -> None:
        """Count the call, which has failed, against its line."""
        self._threads.keep(self._threads.note_failure(caller=self._caller, call_id=self._call_id))

    async def _store_password(
        self, command: StorePassword, prepared: Prepared | None, answered: Callable[[StoreAnswer, float], None]
    ) -> None:
        answer = await self._threads.store_password(
            command,
            caller=self._caller,
            call_id=self._call_id,
            prepared=prepared,
            still_wanted=lambda: not self._withdrawn.is_set(),
        )
        try:
            answered(answer, asyncio.get_running_loop().time())
        except Exception:  # noqa: BLE001 - the border of a call
            _log.exception("call_failed", call=self._call_id)
            self._broken()
