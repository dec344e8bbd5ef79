"""Does the store's work off the event loop: a hash takes a tenth of a second, and a database may take its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import Admitted, NotAdmitted, StoreAnswer, StoreAway, StorePassword
from ivr.service.store_events import admit, note_failure, store_password

_log = structlog.get_logger(__name__)


class StoreThreads:
    """Runs the store for all calls.

    Args:
        store: the credential store.
        patience_s: how long a caller waits to be admitted, in seconds.
    """

    def __init__(self, store: CredentialStore, *, patience_s: float) -> None:
        self._store = store
        self._patience_s = patience_s
        self._admissions = ThreadPoolExecutor(4, thread_name_prefix="admission")  # never behind a queue of hashes
        self._storing = ThreadPoolExecutor(16, thread_name_prefix="storing")
        self._asked = 0
        self._running = 0
        self._counting = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many passwords are being stored."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many passwords wait for a thread."""
        return self._asked - self._running

    async def admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Ask the store whether a caller is admitted. A store that does not answer in time counts as away."""
        asked = asyncio.get_running_loop().run_in_executor(self._admissions, admit, self._store, caller)
        try:
            return await asyncio.wait_for(asked, self._patience_s)
        except TimeoutError:
            _log.error("store_away", during="admission", problem=f"no answer within {self._patience_s:g} s")
            return StoreAway()

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
        self._storing.shutdown(wait=False)

    async def store_password(
        self, command: StorePassword, *, caller: Caller, call_id: str, still_wanted: Callable[[], bool]
    ) -> StoreAnswer:
        """Store a password. Whatever goes wrong, the caller gets an answer."""

        def in_a_thread() -> StoreAnswer:
            with self._counting:
                self._running += 1
            try:
                return store_password(self._store, command, caller=caller, call_id=call_id, still_wanted=still_wanted)
            finally:
                with self._counting:
                    self._running -= 1

        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._storing, in_a_thread)
        except Exception:  # noqa: BLE001 - the border of a call: the caller must get an answer, whatever failed
            _log.exception("storing_failed", call=call_id)
            return StoreAway()
        finally:
            self._asked -= 1

    async def note_failure(self, *, caller: Caller, call_id: str) -> None:
        """Count a call that has failed against its line."""
        await asyncio.get_running_loop().run_in_executor(
            self._storing, lambda: note_failure(self._store, caller=caller, call_id=call_id)
        )

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Keep a call's work alive, even if the call ends first."""
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
        self._withdrawn = threading.Event()

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Have a thread store a password."""
        self._threads.keep(self._store_password(command, answered))

    def withdraw(self) -> None:
        """Take the request to store back, if it is not too late."""
        self._withdrawn.set()

    def note_failure(self) -> None:
        """Count the call, which has failed, against its line."""
        self._threads.keep(self._threads.note_failure(caller=self._caller, call_id=self._call_id))

    async def _store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        answer = await self._threads.store_password(
            command,
            caller=self._caller,
            call_id=self._call_id,
            still_wanted=lambda: not self._withdrawn.is_set(),
        )
        try:
            answered(answer, asyncio.get_running_loop().time())
        except Exception:  # noqa: BLE001 - the border of a call
            _log.exception("call_failed", call=self._call_id)
            self._broken()
