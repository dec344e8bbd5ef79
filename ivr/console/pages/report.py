"""How callers fare, in charts."""

from __future__ import annotations

from starlette.responses import Response

from ivr.console.charts import STACK, Period, columns, histograms, refused_tests
from ivr.console.visit import Visit
from ivr.records import Query
from ivr.records import report as make_report


def show(visit: Visit) -> Response:
    """The charts of a period, of all trunks or one."""
    period = Period.of(visit.request.query_params.get("period", ""))
    trunk = visit.request.query_params.get("trunk") or None
    now = visit.config.clock()
    since = now - period.span
    found = visit.backend.calls.search(Query(since=since, trunk=trunk, limit=None))
    keys = visit.backend.findings.keys(since=since, trunk=trunk)
    return visit.page(
        "report.html",
        period=period,
        periods=Period,
        trunk=trunk,
        trunks=visit.backend.findings.trunks(),
        report=make_report(found),
        columns=columns(found, period, now),
        stack=STACK,
        histograms=histograms(keys),
        refused=refused_tests(keys),
        in_band=sum(key.source == "in-band" for key in keys),
        events=sum(key.source == "rfc4733" for key in keys),
    )
