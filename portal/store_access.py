"""The site's one credential store, opened when the first page needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from credentials.store import CredentialStore


class StoreAccess:
    """Opens the store on first use, so that the site can say that it is away, and be there when it is back.

    Args:
        open_store: opens it.
    """

    def __init__(self, open_store: Callable[[], CredentialStore]) -> None:
        self._open_store = open_store
        self._opening = threading.Lock()
        self._opened: CredentialStore | None = None

    def store(self) -> CredentialStore:
        """Return the store.

        Raises:
            StorageError: it cannot be opened.
        """
        with self._opening:
            if self._opened is None:
                self._opened = self._open_store()
            return self._opened

    def close(self) -> None:
        """Close all connections."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None
