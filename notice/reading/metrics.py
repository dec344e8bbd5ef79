"""The figures of a journal's reader, for Prometheus. No number and no address is in them.

They are made when they are asked for, from what the reader counts anyway and from the journal itself: so they also say
how far a reader is behind that hangs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from notice.reading.lag import Lag
from notice.reading.reader import Counts
from notice.rules import Why
from storage.clock import Clock, utc_now
from storage.errors import StoreUnavailable


class Metrics(Collector):
    """The metrics of one reader.

    Args:
        counts: what it counts.
        lag: finds out how far it is behind; None of a store that has no call notices.
        clock: the clock that says how long calls have waited.
    """

    def __init__(self, counts: Counts, lag: Callable[[datetime], Lag | None], *, clock: Clock = utc_now) -> None:
        self._counts = counts
        self._lag = lag
        self._clock = clock
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """Name no metric beforehand: the journal is read only when somebody asks."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield each metric as it is now."""
        counts = self._counts
        yield CounterMetricFamily("karipass_notice_lines", "Lines that told a step of a call.", value=counts.lines)
        yield CounterMetricFamily("karipass_notice_bad_lines", "Lines that could not be read.", value=counts.bad_lines)
        verdicts = CounterMetricFamily(
            "karipass_notice_verdicts", "Verdicts on calls, by what came of them.", labels=["why"]
        )
        for why in Why:  # each from 0: Prometheus sees no increase in a series that starts with its first event
            verdicts.add_metric([why.value], counts.whys[why])
        yield verdicts
        yield CounterMetricFamily("karipass_notice_mails", "Mails put into the outbox.", value=counts.letters)
        yield GaugeMetricFamily(
            "karipass_notice_looked_timestamp_seconds",
            "When the journal was last looked at, and what was found was kept.",
            value=counts.looked_at.timestamp(),
        )
        yield from self._behind()

    def page(self) -> bytes:
        """Write all metrics in the text form that Prometheus reads."""
        return generate_latest(self._registry)

    def _behind(self) -> Iterator[Metric]:
        now, is_up, waiting, lag_s = self._clock(), 1.0, math.nan, math.nan
        try:
            lag = self._lag(now)
        except StoreUnavailable:
            is_up = 0.0
        except OSError:
            pass  # the journal cannot be read: nobody knows which calls wait
        else:
            waiting, lag_s = (0.0, 0.0) if lag is None else (float(lag.waiting), _seconds(lag, now))
        yield GaugeMetricFamily("karipass_notice_store_up", "Whether the store can be asked.", value=is_up)
        yield GaugeMetricFamily(
            "karipass_notice_calls_waiting", "Calls that have stopped ringing and have no verdict.", value=waiting
        )
        yield GaugeMetricFamily(
            "karipass_notice_lag_seconds", "Since when the oldest of them has stopped ringing.", value=lag_s
        )


def _seconds(lag: Lag, now: datetime) -> float:
    return 0.0 if lag.oldest_at is None else max((now - lag.oldest_at).total_seconds(), 0.0)
