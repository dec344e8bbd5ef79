"""Notes the uses of sessions beside the pages: no page waits for that write but the next one of the same session."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

import structlog

from credentials.site.session import Use
from portal.store_access import StoreAccess
from storage.errors import StorageError

_log = structlog.get_logger(__name__)
_AT_ONCE: Final = 4
_PATIENCE_S: Final = 20
"""How long a page waits for the use that the page before it made; then the database is away for pages, too."""


class Uses:
    """The uses that are being noted.

    Args:
        access: opens the store.
    """

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="uses")
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[None]] = {}

    def note(self, session_id: str, use: Use) -> None:
        """Start to note a use of a session. If it cannot be noted, the log says so.

        A session whose last use is still being noted needs no other note (`credentials.site.session_table.USE_STEP`).
        """
        with self._lock:
            if session_id not in self._under_way:
                self._under_way[session_id] = self._threads.submit(self._note, session_id, use)

    def settle(self, session_id: str) -> None:
        """Wait until a use of a session is noted, if one is being noted."""
        under_way = self._under_way.get(session_id)
        if under_way is not None:
            wait([under_way], timeout=_PATIENCE_S)

    def close(self) -> None:
        """Note what there is to note, and no more."""
        self._threads.shutdown()

    def _note(self, session_id: str, use: Use) -> None:
        try:
            self._access.store().note_use(use)
        except StorageError as error:
            _log.warning("session_use_not_noted", problem=str(error), meanwhile="its next page is to note one")
        except Exception:  # noqa: BLE001 - see below
            # Nobody asks for this thread's result: an error that is not logged here would not be known at all.
            _log.exception("session_use_not_noted")
        finally:
            with self._lock:
                del self._under_way[session_id]
