"""Trunks by the names that whoever asks may see: a SIP phone's is its number."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.masking import mask_text
from console.report.charts import sum_of
from console.visit import Visit
from ivr.records import Tally


class Trunks:
    """The trunks by which calls came.

    Args:
        visit: who asks.
    """

    def __init__(self, visit: Visit) -> None:
        self._masked = visit.masked
        self._by_name: dict[str, list[str]] = {}
        for name in visit.backend.findings.trunks():
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

    def tallies(self, by_trunk: Mapping[str, Tally]) -> dict[str, Tally]:
        """Tallies by the names that are shown."""
        alike: dict[str, list[Tally]] = {}
        for name, tally in by_trunk.items():
            alike.setdefault(self._shown(name), []).append(tally)
        return {name: sum_of(tallies) for name, tallies in alike.items()}

    def _shown(self, name: str) -> str:
        return mask_text(name) if self._masked else name
