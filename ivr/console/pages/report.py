"""How callers fare, in charts."""

from __future__ import annotations

from starlette.responses import Response

from ivr.console.charts import STACK, Period, columns, histograms, refused_tests, report_of
from ivr.console.visit import Visit
from ivr.records import Query


def show(visit: Visit) -> Response:
    """The charts of a period, of all trunks or one."""
    period = Period.of(visit.asked("period"))
    trunk = visit.asked("trunk") or None
    now = visit.config.clock()
    calls = visit.backend.calls
    made = columns(lambda since, until: calls.tallies(Query(since=since, until=until, trunk=trunk)), period, now)
    keys = visit.backend.findings.keys(since=now - period.span, trunk=trunk)
    return visit.page(
        "report.html",
        period=period,
        periods=Period,
        trunk=trunk,
        trunks=visit.backend.findings.trunks(),
        report=report_of(made),
        columns=made,
        stack=STACK,
        histograms=histograms(keys),
        refused=refused_tests(keys),
        in_band=sum(key.source == "in-band" for key in keys),
        events=sum(key.source == "rfc4733" for key in keys),
    )
