"""A moment: what one thread reads in one transaction, though it reads in several places."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from sqlalchemy import Connection


class Moment:
    """Readings that share a transaction.

    Args:
        begin: enters a reading transaction.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._connection: Connection | None = None
        self._open = ExitStack()
        self._readings = 0

    @property
    def is_being_read(self) -> bool:
        """Whether the thread is inside a reading."""
        return self._readings > 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Enter the transaction, which goes on afterwards.

        If a reading fails, the transaction is rolled back: PostgreSQL would refuse all that is read in it then.
        """
        if self._connection is None:
            self._connection = self._open.enter_context(self._begin())
        self._readings += 1
        try:
            yield self._connection
        except BaseException as error:
            self._connection = None
            self._open.__exit__(type(error), error, error.__traceback__)
            raise
        finally:
            self._readings -= 1

    def end(self) -> None:
        """End the transaction, if there is one; the next reading begins another."""
        self._connection = None
        self._open.close()
