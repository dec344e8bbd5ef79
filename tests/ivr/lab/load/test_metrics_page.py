"""How late ticks were, as the service's metrics page has it."""

from __future__ import annotations

from ivr.lab.load.metrics_page import Ticks, read_ticks, strain_of
from ivr.records.vitals import STRAINS, Vitals
from ivr.service.watching.metrics import Metrics


def page(*late_s: float) -> str:
    metrics = Metrics()
    for seconds in late_s:
        metrics.tick_late(seconds)
    return metrics.page().decode()


def test_ticks_are_read_from_the_services_own_page() -> None:
    assert Ticks.of(page(0.0, 0.019, 0.021, 0.09, 0.101, 3.0)) == Ticks(6, 4, 2)
    assert Ticks.of(page()) == Ticks(0, 0, 0)


def test_ticks_since_the_start_of_a_load_are_the_difference() -> None:
    assert Ticks(100, 7, 2).since(Ticks(40, 5, 2)) == Ticks(60, 2, 0)


def test_a_service_that_does_not_answer_reports_nothing() -> None:
    assert read_ticks(1) is None


def test_the_sign_by_which_new_calls_are_turned_away_is_read() -> None:
    metrics, vitals = Metrics(), [Vitals(strain="")]
    metrics.watch(lambda: vitals[0])
    assert strain_of(metrics.page().decode()) is None
    for sign in STRAINS:
        vitals[0] = Vitals(strain=sign)
        assert strain_of(metrics.page().decode()) == sign
