"""The figures that the site counts for Prometheus. No number, secret, code or link is in them, and no visitor.

A request is counted by the first part of its path, and only by those parts that our own routes have: the rest of a path
may be a telephone number or a link.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from credentials.model import LoginVerdict
from mail.outbox import Backlog, Limit

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OTHER: Final = "other"
"""The area of requests that no route of ours has."""
_REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The metrics of one process of the site."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._logins = Counter("karipass_site_logins", "Tries to log in.", ["verdict"], registry=registry)
        self._codes = Counter("karipass_site_codes_sent", "One-time passwords that were mailed.", registry=registry)
        self._refused = Counter(
            "karipass_site_mails_refused", "Mails that a limit refused.", ["limit"], registry=registry
        )
        self._requests = Histogram(
            "karipass_site_request_seconds",
            "From a request's first line to the end of its answer, by the first part of its path.",
            ["area", "status"],
            buckets=_REQUEST_S,
            registry=registry,
        )
        self._store_up = Gauge("karipass_site_store_up", "Whether the store can be asked.", registry=registry)
        self._mails_waiting = Gauge(
            "karipass_site_mails_waiting", "Mails that wait in the store's outbox, of all sites.", registry=registry
        )
        self._oldest_mail_s = Gauge(
            "karipass_site_oldest_mail_seconds", "How long the oldest of them has waited.", registry=registry
        )
        # Each series starts from 0: Prometheus sees no increase in one that starts with its first event.
        for verdict in LoginVerdict:
            self._logins.labels(verdict.value)
        for limit in Limit:
            self._refused.labels(limit.value)

    def login(self, verdict: LoginVerdict) -> None:
        """Count a try to log in."""
        self._logins.labels(verdict.value).inc()

    def code_sent(self) -> None:
        """Count a one-time password that was mailed."""
        self._codes.inc()

    def mail_refused(self, limit: Limit) -> None:
        """Count a mail that a limit refused."""
        self._refused.labels(limit.value).inc()

    def request(self, area: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(area, f"{status // 100}xx").observe(seconds)

    def store_is_up(self, backlog: Backlog | None) -> None:
        """Note that the store can be asked, and which mails wait in it; None if this site sends none."""
        self._store_up.set(1)
        self._mails_waiting.set(0 if backlog is None else backlog.waiting)
        self._oldest_mail_s.set(0.0 if backlog is None else backlog.oldest_s)

    def store_is_away(self) -> None:
        """Note that the store cannot be asked; nobody knows then which mails wait."""
        self._store_up.set(0)
        self._mails_waiting.set(math.nan)
        self._oldest_mail_s.set(math.nan)

    def page(self) -> bytes:
        """Write all metrics in the text form that Prometheus reads (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)


class Timed:
    """Times every request (ASGI middleware).

    Args:
        app: the application.
        metrics: what counts them.
        clock: gives seconds that rise.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._metrics = metrics
        self._areas: frozenset[str] = frozenset()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = self._clock(), 500
        self._areas = self._areas or frozenset(_first_part(route.path) for route in scope["app"].routes)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            area = _first_part(scope["path"])
            self._metrics.request(area if area in self._areas else OTHER, status, self._clock() - started)


def _first_part(path: str) -> str:
    return path.removeprefix("/").partition("/")[0] or "menu"
