"""The site's one credential store and its outbox of mails, opened when the first page needs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mail.outbox import Outbox
from notice.store.opening import NoticeStore


class StoreAccess:
    """Opens the store on first use, so that the site can say that it is away, and be there when it is back.

    Args:
        open_store: opens it.
        open_outbox: returns the outbox of mails in its database; None if no mails can be sent.
    """

    def __init__(self, open_store: Callable[[], NoticeStore], open_outbox: Callable[[], Outbox] | None = None) -> None:
        self._open_store = open_store
        self._open_outbox = open_outbox
        self._opening = threading.Lock()
        self._opened: tuple[NoticeStore, Outbox | None] | None = None

    def store(self) -> NoticeStore:
        """Return the store.

        Raises:
            StorageError: it cannot be opened.
        """
        return self._both()[0]

    def outbox(self) -> Outbox:
        """Return the outbox of mails.

        Raises:
            StorageError: the store cannot be opened.
        """
        outbox = self._both()[1]
        if outbox is None:
            raise RuntimeError("no mails can be sent: ask `Visit.can_mail` before")
        return outbox

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let what this thread reads until the end be one transaction, as long as it writes nothing.

        Raises:
            StorageError: the store cannot be opened.
        """
        with self.store().at_one_moment():
            yield

    def end_moment(self) -> None:
        """End that transaction before its time: this thread has read what it needs."""
        if self._opened is not None:
            self._opened[0].end_moment()

    def look(self) -> None:
        """Ask the store something, as a page does.

        Raises:
            StorageError: it cannot be asked.
        """
        self.store().session("", used=False)

    def close(self) -> None:
        """Close all connections."""
        with self._opening:
            if self._opened is not None:
                self._opened[0].close()
                self._opened = None

    def _both(self) -> tuple[NoticeStore, Outbox | None]:
        with self._opening:
            if self._opened is None:
                store = self._open_store()
                try:
                    outbox = None if self._open_outbox is None else self._open_outbox()
                except BaseException:
                    store.close()
                    raise
                self._opened = store, outbox
            return self._opened
