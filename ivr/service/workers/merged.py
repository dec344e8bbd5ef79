"""Makes one page of metrics, and one set of vitals, of those of several workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from ivr.records.vitals import AmiState, StoreState, Vitals

WORKER: Final = "worker"
"""The label that names the worker of a series. A worker that replaces another counts from 0, in series of its own."""
T = TypeVar("T")


_COUNTS: Final = ("counter", "histogram")
"""The types of metrics that are still true when their worker has ended; the others say how it is now."""


class _Pages(Collector):
    def __init__(self, pages: Mapping[int, str], last: Mapping[int, str]) -> None:
        self._pages = pages
        self._last = last

    def collect(self) -> Iterable[Metric]:
        """Give each metric once, with the series of all workers."""
        merged: dict[str, Metric] = {}
        for number in sorted({*self._pages, *self._last}):
            ended = number not in self._pages
            for metric in text_string_to_metric_families(self._last[number] if ended else self._pages[number]):
                if ended and metric.type not in _COUNTS:
                    continue
                into = merged.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    into.samples.append(sample._replace(labels={**sample.labels, WORKER: str(number)}))
        return merged.values()


def merged_page(pages: Mapping[int, str], last: Mapping[int, str] = MappingProxyType({})) -> bytes:
    """Write the pages of workers as one; the label `worker` tells their series apart.

    Args:
        pages: the workers' pages, by their numbers.
        last: the last pages of workers that have ended, whose counts are still shown.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Pages(pages, last))
    return generate_latest(registry)


def merged_vitals(workers: Sequence[Vitals]) -> Vitals:
    """Say how a service is whose workers report these vitals.

    What a new call needs (a clock that ticks, a door that is open, a host that is not strained), it has if any worker
    has it. Counts are added up. Of what workers share, the worst report is told.
    """
    return Vitals(
        calls=_of(sum, (each.calls for each in workers)),
        listening=_of(any, (each.listening for each in workers)),
        languages=_of(max, (each.languages for each in workers)),
        strain=_of(min, (each.strain for each in workers)),  # "", not strained, comes before every sign
        tick_age_s=_of(min, (each.tick_age_s for each in workers)),
        late_ms=_of(max, (each.late_ms for each in workers)),
        hashes_running=_of(sum, (each.hashes_running for each in workers)),
        hashes_waiting=_of(sum, (each.hashes_waiting for each in workers)),
        records_waiting=_of(sum, (each.records_waiting for each in workers)),
        records_left_out=_of(sum, (each.records_left_out for each in workers)),
        recorder_up=_of(all, (each.recorder_up for each in workers)),
        store=min((each.store for each in workers), key=lambda store: store.up, default=StoreState()),
        ami=min((each.ami for each in workers), key=_is_well, default=AmiState()),
        audit_records=_of(max, (each.audit_records for each in workers)),
        clock_ahead_s=_of(_farthest, (each.clock_ahead_s for each in workers)),
    )


def _of(merge: Callable[[list[T]], T], values: Iterable[T | None]) -> T | None:
    """Merge the values that were reported; None if none was."""
    known = [value for value in values if value is not None]
    return merge(known) if known else None


def _farthest(seconds: list[float]) -> float:
    return max(seconds, key=abs)


def _is_well(ami: AmiState) -> bool:
    return ami.status == "connected" and not ami.reason
