"""What a load reads from the service's metrics page: how late the ticks of its media clock were, and whether it is
strained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final, Self

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_METRIC: Final = "karipass_tick_lateness_seconds"
_STRAINED: Final = "karipass_strained"
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks of the media clock.

    Attributes:
        all: how many there were.
        over_20_ms, over_100_ms: how many of them were later than that.
    """

    all: int
    over_20_ms: int
    over_100_ms: int

    @classmethod
    def of(cls, page: str) -> Self:
        """Read a metrics page. The ticks of several processes are counted together."""
        counts = {"0.02": 0, "0.1": 0, "+Inf": 0}
        for sample in _samples(page, _METRIC):
            bound = sample.labels.get("le")
            if sample.name == f"{_METRIC}_bucket" and bound in counts:
                counts[bound] += int(sample.value)
        ticks = counts["+Inf"]
        return cls(ticks, ticks - counts["0.02"], ticks - counts["0.1"])

    def since(self, earlier: Ticks) -> Ticks:
        """The ticks that came after some others."""
        return Ticks(
            self.all - earlier.all, self.over_20_ms - earlier.over_20_ms, self.over_100_ms - earlier.over_100_ms
        )


def read_ticks(port: int) -> Ticks | None:
    """Read the ticks of the service whose health pages are at a port of this machine; None if it does not answer."""
    page = _read(port)
    return None if page is None else Ticks.of(page)


def read_strain(port: int) -> str | None:
    """Read by which sign the service turns new calls away; None if it takes them, or does not answer."""
    return strain_of(_read(port) or "")


def strain_of(page: str) -> str | None:
    """Find the sign in a metrics page."""
    return next((sample.labels["sign"] for sample in _samples(page, _STRAINED) if sample.value), None)


def _samples(page: str, metric: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(page):
        if family.name == metric:
            yield from family.samples


def _read(port: int) -> str | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
