"""The store's work off the event loop: a hash takes a tenth of a second, a database may take its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import Admitted, Ending, NotAdmitted, Outcome, StoreAnswer, StoreAway, StorePassword
from ivr.call.session import CallSession
from ivr.service.store_events import admit, note_ending, store_password

_log = structlog.get_logger(__name__)


class StoreThreads:
    """Runs the store for calls, each answer handed to its call on the loop.

    Args:
        store: the credential store.
        patience_s: how long a caller waits to be admitted.
        failed: told of a call that broke while it took an answer.
    """

    def __init__(self, store: CredentialStore, *, patience_s: float, failed: Callable[[CallSession], None]) -> None:
        self._store = store
        self._patience_s = patience_s
        self._failed = failed
        self._admissions = ThreadPoolExecutor(4, thread_name_prefix="admission")  # never behind a queue of hashes
        self._storing = ThreadPoolExecutor(16, thread_name_prefix="storing")
        self._withdrawn: dict[str, threading.Event] = {}
        self._running = 0
        self._counting = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Passwords that are being stored."""
        return self._running

    @property
    def waiting(self) -> int:
        """Passwords that wait for a thread."""
        return len(self._withdrawn) - self._running

    async def admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Who calls; a store that does not answer in time is away."""
        asked = asyncio.get_running_loop().run_in_executor(self._admissions, admit, self._store, caller)
        try:
            return await asyncio.wait_for(asked, self._patience_s)
        except TimeoutError:
            _log.error("store_away", during="admission", problem=f"no answer within {self._patience_s:g} s")
            return StoreAway()

    def begin_storing(self, session: CallSession, command: StorePassword, caller: str) -> None:
        """Store a password; the session gets a `StoreAnswer`."""
        self._withdrawn[session.call_id] = withdrawn = threading.Event()
        self._keep(self._store_password(session, command, caller, withdrawn))

    def withdraw(self, session: CallSession) -> None:
        """Do not store what `begin_storing` was asked for, if it is not too late."""
        withdrawn = self._withdrawn.get(session.call_id)
        if withdrawn is not None:  # else it has been answered
            withdrawn.set()

    def begin_noting(self, ending: Ending, *, caller: str, call_id: str) -> None:
        """Count a call that failed against its line."""
        if ending.outcome is Outcome.FAILED:
            self._keep(self._note_ending(ending, caller, call_id))

    def close(self) -> None:
        """Take no more work; what is under way goes on in its thread."""
        self._admissions.shutdown(wait=False)
        self._storing.shutdown(wait=False)

    async def _store_password(
        self, session: CallSession, command: StorePassword, caller: str, withdrawn: threading.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        answer: StoreAnswer = StoreAway()
        try:
            answer = await loop.run_in_executor(
                self._storing, lambda: self._store_now(session, command, caller, withdrawn)
            )
        except Exception:  # noqa: BLE001 - the border of a call: the caller must be told, whatever it was
            _log.exception("storing_failed", call=session.call_id)
        del self._withdrawn[session.call_id]
        try:
            session.handle(answer, loop.time())
        except Exception:  # noqa: BLE001 - the border of a call
            _log.exception("call_failed", call=session.call_id)
            session.fault(loop.time())
            self._failed(session)

    def _store_now(
        self, session: CallSession, command: StorePassword, caller: str, withdrawn: threading.Event
    ) -> StoreAnswer:
        """In a thread."""
        with self._counting:
            self._running += 1
        try:
            return store_password(
                self._store,
                command,
                caller=caller,
                call_id=session.call_id,
                still_wanted=lambda: not withdrawn.is_set(),
            )
        finally:
            with self._counting:
                self._running -= 1

    async def _note_ending(self, ending: Ending, caller: str, call_id: str) -> None:
        await asyncio.get_running_loop().run_in_executor(
            self._storing, lambda: note_ending(self._store, ending, caller=caller, call_id=call_id)
        )

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
