"""Files that are being rehearsed, beside the pages: each confirmation password in them takes a hash.

One file is rehearsed at a time in a process, so that logins keep a processor. The store keeps how far each is and what
it found, so a page may ask any process of the site, and learns when the one that rehearsed has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from credentials.errors import BadOneTimeFile, NotAllowed, SessionOver, WrongStage
from credentials.one_time.found import Found
from credentials.one_time.rehearsal import Rehearsal
from credentials.store import CredentialStore
from storage.errors import StorageError

_log = structlog.get_logger(__name__)
_MOST: Final = 8
"""How many rehearsals may wait or run."""
_NOTED_EVERY_S: Final = 1.0
Rehearse = Callable[[Callable[[int, int], None]], Rehearsal]
"""Rehearses a file; calls its argument with how many hashes are done, and of how many."""


class _Work:
    """A rehearsal that waits or runs, or whose result the store has not taken yet."""

    def __init__(self, store: CredentialStore, rehearsal_id: str) -> None:
        self._store = store
        self._id = rehearsal_id
        self._done = self._total = 0
        self._found: Found | None = None

    def run(self, rehearse: Rehearse) -> bool:
        """Rehearse; return whether there is a result."""
        try:
            self._found = Found.of(rehearse(self._count))
        except BadOneTimeFile as bad:
            self._found = Found(unreadable=bad.problems)
        except (SessionOver, WrongStage, NotAllowed):
            return False  # nobody may see it any more
        except StorageError as error:
            _log.warning("rehearsal_given_up", reason=str(error), meanwhile="its page asks for the file again")
            return False
        except Exception:  # noqa: BLE001 - see below
            # Nobody waits for this thread's result: an error that is not logged here would not be known at all.
            _log.exception("rehearsal_failed")
            return False
        return True

    def note(self) -> bool:
        """Tell the store how far it is; return whether it has taken the result."""
        try:
            if self._found is None:
                self._store.note_rehearsal(self._id, self._done, self._total)
                return False
            self._store.end_rehearsal(self._id, self._found)
        except StorageError:
            return False  # the next note comes in a second, and pages cannot ask meanwhile either
        return True

    def _count(self, done: int, total: int) -> None:
        self._done, self._total = done, total


class Rehearsals:
    """The rehearsals of this process."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "rehearsal")
        self._works: set[_Work] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._noting: threading.Thread | None = None

    def start(self, store: CredentialStore, session_id: str, rehearse: Rehearse) -> bool:
        """Have a file rehearsed in place of the session's earlier one.

        Returns:
            False if the session's earlier one still runs, or too many wait here.
        """
        with self._lock:
            if len(self._works) >= _MOST:
                return False
        rehearsal_id = store.start_rehearsal(session_id)
        if rehearsal_id is None:
            return False
        work = _Work(store, rehearsal_id)
        with self._lock:
            self._works.add(work)
            if self._noting is None:
                self._noting = threading.Thread(target=self._note_all, name="rehearsals", daemon=True)
                self._noting.start()
        self._executor.submit(self._run, work, rehearse)
        return True

    def close(self) -> None:
        """Start no further one."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(self, work: _Work, rehearse: Rehearse) -> None:
        if not work.run(rehearse) or work.note():
            self._forget(work)

    def _note_all(self) -> None:
        while not self._closed.wait(_NOTED_EVERY_S):
            with self._lock:
                works = tuple(self._works)
            for work in works:
                if work.note():
                    self._forget(work)

    def _forget(self, work: _Work) -> None:
        with self._lock:
            self._works.discard(work)
