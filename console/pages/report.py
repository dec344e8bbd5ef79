"""The report: charts of how well calls went, and of logins at the settings site."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from console.report.charts import STACK, Period, columns, histograms, refused_tests, report_of
from console.report.logins import LOGIN_STACK, login_columns, logins_of, reasons
from console.trunks import Trunks
from console.visit import Visit
from ivr.records import Query, Report


def show(visit: Visit) -> Response:
    """Show the charts of a period, for all trunks or one. Logins belong to no trunk, and are shown with all of them."""
    period = Period.of(visit.asked("period"))
    trunk, trunks = visit.asked("trunk"), Trunks(visit)
    wanted = trunks.named(trunk)
    now = visit.backend.now()
    calls = visit.backend.calls

    def report(since: datetime, until: datetime) -> Report:
        return trunks.report(calls.report(Query(since=since, until=until, trunks=wanted)))

    made = columns(report, period, now)
    keys = calls.keys(Query(since=now - period.span, trunks=wanted))
    logins = [] if trunk else login_columns(visit.backend.count_logins, period, now)
    counted = logins_of(logins)
    return visit.page(
        "report.html",
        period=period,
        periods=Period,
        trunk=trunk,
        trunks=trunks.names,
        report=report_of(made),
        columns=made,
        stack=STACK,
        histograms=histograms(keys),
        refused=refused_tests(keys),
        in_band=sum(key.source == "in-band" for key in keys),
        events=sum(key.source == "rfc4733" for key in keys),
        logins=counted,
        login_columns=logins,
        login_stack=LOGIN_STACK,
        login_reasons=reasons(counted),
    )
