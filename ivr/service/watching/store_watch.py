"""Finds out every few seconds whether the store can be used, so that everyone who asks is answered at once.

The watch asks the store what a call asks it: to look up a caller, and to write (`ivr.service.store_events.probe`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from credentials.audit import Head
from ivr.records import StoreState
from storage.errors import StoreUnavailable

_log = structlog.get_logger(__name__)

EVERY_S: Final = 5.0
PATIENCE_S: Final = 3.0

_NOT_ASKED: Final = StoreState(up=False, problem="not asked yet")


class StoreWatch:
    """Asks the store now and then for a number, for a write, and for the end of the audit trail, in a thread of its
    own.

    Args:
        probe: asks the store; raises `StoreUnavailable` if it cannot be used. Called in that thread.
        found: called with where the audit trail ends, in that thread.
        every_s: seconds between questions.
        patience_s: how long an answer may take before the store counts as away, in seconds.
    """

    def __init__(
        self,
        probe: Callable[[], Head],
        found: Callable[[Head], None],
        *,
        every_s: float = EVERY_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._probe = probe
        self._found = found
        self._every_s = every_s
        self._patience_s = patience_s
        self._state = _NOT_ASKED

    @property
    def state(self) -> StoreState:
        """The state that was found last."""
        return self._state

    async def run(self) -> None:
        """Watch for ever."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="store-watch")
        try:
            while True:
                asked = asyncio.get_running_loop().run_in_executor(thread, self._ask)
                await asyncio.wait({asked}, timeout=self._patience_s)
                if not asked.done() and (self._state.up or self._state is _NOT_ASKED):  # else the last cause says more
                    self._change(StoreState(up=False, problem=self._no_answer()))
                self._change(await asked)  # one question at a time, however long it takes
                await asyncio.sleep(self._every_s)
        finally:
            thread.shutdown(wait=False, cancel_futures=True)

    def _ask(self) -> StoreState:
        try:
            self._found(self._probe())
        except StoreUnavailable as error:
            return StoreState(up=False, problem=str(error))
        except Exception as error:  # noqa: BLE001 - the border of the watch: the fault is logged, the watch goes on
            _log.exception("store_watch_failed")
            return StoreState(up=False, problem=type(error).__name__)
        return StoreState(up=True)

    def _no_answer(self) -> str:
        return (
            f"no answer within {self._patience_s:g} s: another program holds the database, or its disk, its host or the"
            " network hangs"
        )

    def _change(self, state: StoreState) -> None:
        if state.up is not self._state.up:
            if state.up:
                _log.info("store_up")
            else:
                _log.error("store_away", during="watch", problem=state.problem)
        self._state = state
