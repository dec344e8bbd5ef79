"""The operators' side: what a number has chosen, and what came of a call."""

from __future__ import annotations

from credentials.errors import UnknownLine
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.sides.base import StoreBase
from mail.outbox import Outbox
from notice.settings import table
from notice.settings.model import Settings
from notice.store import verdicts
from notice.store.verdicts import CallLine
from storage.database import database_border


class LookupSide(StoreBase):
    """The methods for `ivr notice show` and `ivr notice why`."""

    @database_border
    def settings_of(self, number: str) -> Settings:
        """Return what a number has chosen.

        Raises:
            InvalidNumber, UnknownLine: there is no such number.
        """
        wanted = normalise_number(number)
        with self._database.reading() as connection:
            if provisioning.find_line(connection, wanted) is None:
                raise UnknownLine(f"no line has the number {wanted}")
            return table.find(connection, wanted)

    @database_border
    def calls_of(self, number: str, outbox: Outbox, *, most: int = 50) -> list[CallLine]:
        """Return what came of a number's calls of the last 30 days, the newest first."""
        with self._database.reading() as connection:
            return verdicts.of_number(connection, outbox, number, now=self.now(), most=most)

    @database_border
    def call_line(self, call_id: str, outbox: Outbox) -> CallLine | None:
        """Return what came of a call; None if it is not known, or forgotten."""
        with self._database.reading() as connection:
            return verdicts.find(connection, outbox, call_id)
