"""The service's health over HTTP: `/healthz` decides whether it is restarted, `/readyz` whether it gets calls,
`/metrics`.

The pages are served by the process that keeps the workers, from what these report: a worker whose loop stands still
reports nothing. They are on loopback by default, because they have no login. They report numbers and states, and
nothing of any caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.records import Vitals
from ivr.service.watching.metrics import CONTENT_TYPE
from web.server import EmbeddedServer

CLOCK_STOPPED_S: Final = 2.0
"""The media clock ticks every 20 ms. Asterisk ends a call that gets nothing for this long."""
CONNECTIONS: Final = 32
"""How many connections there may be. The oldest makes room for more: a probe always gets in, and its answer at once."""
_GRACE_S: Final = 1


MetricsPage = Callable[[], Awaitable[bytes]]


def health_server(vitals: Callable[[], Vitals], metrics: MetricsPage) -> EmbeddedServer:
    """Make the server of the health pages, for the running loop."""
    return EmbeddedServer(health_app(vitals, metrics), connections=CONNECTIONS, grace_s=_GRACE_S)


def health_app(vitals: Callable[[], Vitals], metrics: MetricsPage) -> Starlette:
    """Make the application of the health pages.

    Args:
        vitals: reads the service's vitals; must answer at once.
        metrics: writes the service's metrics.
    """

    async def healthz(_request: Request) -> Response:
        return _answer(_alive(vitals()))

    async def readyz(_request: Request) -> Response:
        now = vitals()
        return _answer(_alive(now) | _ready(now), notes=_notes(now))

    async def page(_request: Request) -> Response:
        return Response(await metrics(), headers={"content-type": CONTENT_TYPE})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", page)])


def _alive(vitals: Vitals) -> dict[str, str]:
    """Name what is wrong with each part; "" if nothing is."""
    age_s = vitals.tick_age_s or 0.0
    stopped = f"no tick for {age_s:.1f} s: callers hear nothing" if age_s > CLOCK_STOPPED_S else ""
    return {"media_clock": stopped}


def _ready(vitals: Vitals) -> dict[str, str]:
    return {
        "listening": "" if vitals.listening else "not listening for calls: starting, or stopping",
        "guidance": "" if vitals.languages else "no guidance is loaded",
        "store": "" if vitals.store.up else vitals.store.problem or "away",
    }


def _notes(vitals: Vitals) -> dict[str, str]:
    """Name what does not keep calls away, but should be known."""
    notes = {}
    if vitals.strain:
        notes["strain"] = f"the host is behind ({vitals.strain}): calls beyond what it carries hear an apology"
    if vitals.ami.status != "connected" or vitals.ami.reason:
        notes["ami"] = f"{vitals.ami.status}: {vitals.ami.reason}"
    if not vitals.recorder_up:
        notes["recorder"] = "has ended: calls leave no records; the log says why, a restart mends it"
    if vitals.records_left_out:
        notes["records"] = f"incomplete since the start: {vitals.records_left_out} changes left out; the log says why"
    return notes


def _answer(problems: dict[str, str], notes: dict[str, str] | None = None) -> Response:
    wrong = any(problems.values())
    checks = {name: problem or "ok" for name, problem in problems.items()}
    body: dict[str, object] = {"status": "unavailable" if wrong else "ok", "checks": checks}
    if notes:
        body["notes"] = notes
    return JSONResponse(body, status_code=503 if wrong else 200, headers={"cache-control": "no-store"})
