"""The figures of the receiver of bounces, for Prometheus. No address, no letter and no text is in them."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from mail.bounces.reports import Fate


class Came(StrEnum):
    """What came, and what was done with it."""

    REFUSED = "refused"
    """A server had refused the letter for good."""
    GIVEN_UP = "given_up"
    """A server had tried for too long."""
    DELAYED = "delayed"
    DELIVERED = "delivered"
    KNOWN = "known"
    """The report changes nothing: it came before, or the letter is not known any more."""
    NO_REPORT = "no_report"
    """A mail that reports nothing, such as a note of absence."""
    NOT_OURS = "not_ours"
    """The address was none that we made; the mail was not taken."""
    NOT_NOTED = "not_noted"
    """The store was away, or something failed here; the mail server brings it again."""


FATES: Final = {
    Fate.REFUSED: Came.REFUSED,
    Fate.GIVEN_UP: Came.GIVEN_UP,
    Fate.DELAYED: Came.DELAYED,
    Fate.DELIVERED: Came.DELIVERED,
}


class Metrics:
    """The metrics of one receiver. Threads may share it."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._mails = Counter(
            "karipass_bounces", "Mails that came back, by what came of them.", ["came"], registry=registry
        )
        self._last = Gauge("karipass_bounces_last_timestamp_seconds", "When a mail last came back.", registry=registry)
        for came in Came:  # each from 0: Prometheus sees no increase in a series that starts with its first event
            self._mails.labels(came.value)

    def count(self, came: Came) -> None:
        """Count a mail that came back."""
        self._mails.labels(came.value).inc()
        self._last.set(time.time())

    def page(self) -> bytes:
        """Write all metrics in the text form that Prometheus reads."""
        return generate_latest(self.registry)
