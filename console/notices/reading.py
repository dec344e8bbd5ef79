"""Reads call notices from the store's database, for the console. This needs no key."""

from __future__ import annotations

from notice.store.search import CallQuery, PausedAddress, find_calls, find_paused
from notice.store.verdicts import CallLine
from storage.database import Database, database_border


class NoticeReader:
    """Reads incoming calls with what came of them, and the addresses that are paused.

    Every method raises `StoreUnavailable` if the database cannot serve it.

    Args:
        database: the store's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @database_border
    def calls(self, query: CallQuery) -> list[CallLine]:
        """Return the calls of a query, the latest first."""
        with self._database.reading() as connection:
            return find_calls(connection, query)

    @database_border
    def paused(self, number: str = "") -> tuple[int, list[PausedAddress]]:
        """Return how many addresses are paused, and those that were paused last; of a number, if one is given."""
        with self._database.reading() as connection:
            return find_paused(connection, number)
