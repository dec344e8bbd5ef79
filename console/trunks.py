"""Trunks by the names that whoever asks may see: a SIP phone's is its number."""

from __future__ import annotations

from collections.abc import Collection

from console.masking import mask_text
from console.visit import Visit
from ivr.records import Report


class Trunks:
    """The trunks by which calls came.

    Args:
        visit: who asks.
    """

    def __init__(self, visit: Visit) -> None:
        self._masked = visit.masked
        self._by_name: dict[str, list[str]] = {}
        for name in visit.backend.calls.trunks():
            self._by_name.setdefault(self._shown(name), []).append(name)

    @property
    def names(self) -> list[str]:
        """All as they are shown."""
        return list(self._by_name)

    def named(self, name: str) -> Collection[str] | None:
        """Those that are shown so; None, for all, if no name is given.

        Several phones can look alike where numbers are masked. A name that is not shown finds none: nobody finds out by
        trying whether there is such a phone.
        """
        return self._by_name.get(name, ()) if name else None

    def report(self, report: Report) -> Report:
        """A report by the names that are shown."""
        return Report.of((self._shown(name), tally) for name, tally in report.by_trunk.items())

    def _shown(self, name: str) -> str:
        return mask_text(name) if self._masked else name
