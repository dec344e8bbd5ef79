"""The figures of a sender, for Prometheus. No address, number and text is in them.

How long the oldest mail waits is not among them: whoever looks into the outbox knows that, also while no sender runs
(the settings site does, `portal.metrics`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mail.letter import Purpose
from mail.sending.sender import Happening, Kind

_ANY: Final = "any"
"""The purpose of letters that expired: they are given up together."""
_WAITED_S: Final = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400)


class Metrics:
    """The metrics of one sender."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._letters = Counter(
            "karipass_mail_letters", "What happened to letters.", ["outcome", "purpose"], registry=registry
        )
        self._waited = Histogram(
            "karipass_mail_waited_seconds",
            "From when a letter was put into the outbox until the mail server had taken it.",
            ["purpose"],
            buckets=_WAITED_S,
            registry=registry,
        )
        self._server_up = Gauge(
            "karipass_mail_server_up", "Whether the mail server takes mails, as far as is known.", registry=registry
        )
        # Each series starts from 0: Prometheus sees no increase in one that starts with its first event.
        for kind in Kind:
            for purpose in [_ANY] if kind is Kind.EXPIRED else Purpose:
                self._letters.labels(kind.value, purpose)

    def watch_server(self, is_up: Callable[[], bool]) -> None:
        """Ask from now on whether the mail server takes mails."""
        self._server_up.set_function(lambda: float(is_up()))

    def happened(self, happening: Happening) -> None:
        """Count what happened to letters."""
        purpose = happening.purpose or _ANY
        self._letters.labels(happening.kind.value, purpose).inc(happening.letters)
        if happening.kind is Kind.TAKEN:
            self._waited.labels(purpose).observe(happening.waited_s)

    def page(self) -> bytes:
        """Write all metrics in the text form that Prometheus reads."""
        return generate_latest(self.registry)
