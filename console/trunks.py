"""Trunks by the names that an operator may see. (A SIP phone's trunk is named by its number.)"""

from __future__ import annotations

from collections.abc import Collection

from console.masking import mask_text
from console.visit import Visit
from ivr.records import Report


class Trunks:
    """The trunks through which calls came.

    Args:
        visit: the request, which says whether numbers are masked.
    """

    def __init__(self, visit: Visit) -> None:
        self._masked = visit.masked
        self._by_name: dict[str, list[str]] = {}
        for name in visit.backend.calls.trunks():
            self._by_name.setdefault(self._shown(name), []).append(name)

    @property
    def names(self) -> list[str]:
        """The names of all trunks as they are shown."""
        return list(self._by_name)

    def named(self, name: str) -> Collection[str] | None:
        """Return the trunks that are shown under a name; None, which means all, if the name is "".

        Several phones can look alike if numbers are masked. A name that is not shown finds none: nobody can find out by
        trying whether there is such a phone.
        """
        return self._by_name.get(name, ()) if name else None

    def report(self, report: Report) -> Report:
        """Return a report by the names that are shown."""
        return Report.of((self._shown(name), tally) for name, tally in report.by_trunk.items())

    def _shown(self, name: str) -> str:
        return mask_text(name) if self._masked else name
