"""The dashboard and the alert rules name only metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from ivr.call.dialogue.events import Ending, Judged, Outcome, Verdict
from ivr.call.transcript import Ended, EntryJudged, KeyFigures, KeyHeard, KeyMissed
from ivr.host.settings import Settings
from ivr.records import Vitals
from ivr.service.watching.metrics import Metrics
from ivr.telephony.ami.channel_end import channel_end
from mail.bounces.metrics import Metrics as BounceMetrics
from mail.letter import Purpose
from mail.sending import Happening, Kind
from mail.sending import Metrics as MailMetrics
from notice.reading.metrics import Metrics as NoticeMetrics
from notice.reading.reader import Counts
from portal.metrics import Metrics as SiteMetrics
from storage.clock import utc_now
from tests import needs
from tests.repository import ROOT

pytestmark = pytest.mark.slow

MONITORING = ROOT / "docker" / "monitoring"
OF_PROMETHEUS = {"up", "job", "instance", "le"}
FUNCTIONS = {
    "or",
    "sum",
    "min",
    "by",
    "rate",
    "increase",
    "histogram_quantile",
    "label_values",
    "max",
    "max_over_time",
    "and",
    "scalar",
    "time",
}


def alert_rules() -> list[dict[str, object]]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def cases() -> list[dict[str, object]]:
    """The rules' own tests."""
    found: list[dict[str, object]] = yaml.safe_load((MONITORING / "alerts_test.yml").read_text(encoding="utf-8"))[
        "tests"
    ]
    return found


@pytest.fixture
def promtool() -> str:
    """Run Prometheus's checker of rules."""
    needs.package("prometheus")
    return str(shutil.which("promtool"))


def dashboard() -> dict[str, object]:
    found: dict[str, object] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    return found


def expressions() -> Iterator[str]:
    for rule in alert_rules():
        yield str(rule["expr"])
    for panel in dashboard()["panels"]:  # type: ignore[attr-defined]
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture(scope="module")
def names() -> dict[str, set[str]]:
    """The labels of each sample of a service, a settings site, and the processes of mails and call notices."""
    metrics = Metrics()
    metrics.watch(Vitals)
    figures = KeyFigures(
        begin_s=None,
        duration_ms=None,
        level_dbm0=0.0,
        twist_db=0.0,
        snr_db=0.0,
        low_offset_percent=0.0,
        high_offset_percent=0.0,
    )
    call = metrics.observer()
    call(None, KeyHeard("in-band", counted=True, value=None, figures=figures))
    call(None, KeyMissed(None, "twist", figures))
    call(None, EntryJudged(Judged("unit", Verdict.ACCEPTED, 1, "1", 0, named=True)))
    call(1.0, Ended(Ending(Outcome.SET, "done")))
    metrics.channel_ended(channel_end({"cause": "16", "rtp": "rxcount=1;lp=0;txjitter=0;txmes=80"}))
    metrics.tick_late(0.0)
    site = SiteMetrics()
    site.request("menu", 200, 0.01)
    mail = MailMetrics()
    mail.happened(Happening(kind=Kind.TAKEN, purpose=Purpose.NOTICE))
    notice = NoticeMetrics(Counts(looked_at=utc_now()), lambda _: None)
    families = [*metrics.registry.collect(), *site.registry.collect(), *mail.registry.collect()]
    families += [*notice.collect(), *BounceMetrics().registry.collect()]
    return {
        sample.name: set(sample.labels)
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_every_metric_that_is_drawn_or_watched_exists(names: dict[str, set[str]]) -> None:
    used = {name for text in expressions() for name in re.findall(r"karipass_\w+", text)}
    assert used <= names.keys()
    assert len(used) > 15


def test_every_label_that_is_asked_for_is_one_of_that_metric(names: dict[str, set[str]]) -> None:
    for text in expressions():
        for name, selectors in re.findall(r"(karipass_\w+)\{([^}]*)\}", text):
            labels = set(re.findall(r"(\w+)\s*[=!]~?", selectors))
            assert labels - OF_PROMETHEUS <= names[name], text
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", text) for label in re.split(r",\s*", group)}
        known = set().union(*(names[name] for name in re.findall(r"karipass_\w+", text)))
        assert grouped - OF_PROMETHEUS <= known, text


def test_no_expression_has_a_word_that_means_nothing(names: dict[str, set[str]]) -> None:
    for text in expressions():
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|by \([^)]*\)', "", text)
        words = set(re.findall(r"[A-Za-z_]\w*", bare))
        assert words <= names.keys() | OF_PROMETHEUS | FUNCTIONS, text


def test_every_metric_but_what_explains_itself_is_on_the_dashboard(names: dict[str, set[str]]) -> None:
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in names}
    shown = {re.sub(r"_(bucket|sum|count|total)$", "", n) for n in re.findall(r"karipass_\w+", " ".join(expressions()))}
    assert families == shown


def test_what_is_scraped_is_where_it_is_served_by_default() -> None:
    jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    scraped = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    settings = Settings()
    assert scraped == {
        "karipass": [f"{settings.health_host}:{settings.health_port}"],
        "karipass-site": [f"{settings.health_host}:{settings.portal_health_port}"],
        "karipass-mail": [f"{settings.health_host}:{settings.mail_health_port}"],
        "karipass-notice": [f"{settings.health_host}:{settings.notice_health_port}"],
        "karipass-bounces": [f"{settings.health_host}:{settings.bounces_health_port}"],
    }
    watched = {name for text in expressions() for name in re.findall(r'up\{job="([^"]+)"', text)}
    assert watched == scraped.keys()


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in alert_rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}  # type: ignore[index]
        assert set(rule["annotations"]) == {"summary", "remedy"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "command",
    [["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]],
)
def test_prometheus_takes_the_rules_and_each_fires_in_its_case_and_in_no_other(
    command: list[str], promtool: str
) -> None:
    done = subprocess.run([promtool, *command], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_there_are_cases_in_which_none_does() -> None:
    asked = [(case["name"], test.get("exp_samples", [])) for case in cases() for test in case["promql_expr_test"]]  # type: ignore[attr-defined]
    fires = set(re.findall(r'alertname="(\w+)"', str(asked)))
    assert fires == {rule["alert"] for rule in alert_rules()}
    silent = {name for name, _ in asked if not any(expected for other, expected in asked if other == name)}
    assert {str(name).split(",")[0] for name in silent} >= {"A quiet night", "A busy day"}


def test_the_cases_speak_of_metrics_and_labels_that_there_are(names: dict[str, set[str]]) -> None:
    for case in cases():
        for series in case["input_series"]:  # type: ignore[attr-defined]
            name, labels = re.fullmatch(r"(\w+)\{(.*)\}", series["series"]).groups()  # type: ignore[union-attr]
            assert name == "up" or set(re.findall(r"(\w+)=", labels)) - {"job", "instance"} == names[name], series


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert isinstance(panels, list)
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
