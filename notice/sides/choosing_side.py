"""The operators' side that chooses for a number."""

from __future__ import annotations

from credentials.audit import Action, Entry
from credentials.errors import UnknownLine
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.sides.base import StoreBase
from notice.settings import table
from notice.settings.checking import faults, tidied
from notice.settings.model import Settings, summary
from storage.database import database_border


class ChoosingSide(StoreBase):
    """The methods by which an operator chooses for a number."""

    @database_border
    def choose_first(self, number: str, chosen: Settings, *, operator: str) -> bool:
        """Give a number its first settings; what a number has chosen itself stays.

        Args:
            number: the number.
            chosen: the settings.
            operator: who does it, for the audit trail.

        Returns:
            Whether the number had none.

        Raises:
            InvalidNumber, UnknownLine: there is no such number.
            ValueError: the settings are not sound (`notice.settings.checking`).
        """
        wanted, new = normalise_number(number), tidied(chosen)
        if wrong := faults(new):
            raise ValueError(f"settings cannot be stored: {', '.join(fault.problem.value for fault in wrong)}")
        with self._database.writing() as connection:
            if provisioning.find_line(connection, wanted) is None:
                raise UnknownLine(f"no line has the number {wanted}")
            if table.find(connection, wanted).version:
                return False
            table.replace(connection, wanted, new, self.now())
            entry = Entry(Action.NOTICE_CHANGED, wanted, summary(new))
            self._record(connection, [entry], actor=operator, origin="")
        return True
