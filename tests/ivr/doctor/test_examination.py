"""Every check reports, whatever happens to the others."""

from __future__ import annotations

import threading
from pathlib import Path

from ivr.doctor import Check, Finding, Level, Site, examine
from ivr.doctor.all_checks import CHECKS
from ivr.doctor.finding import ok
from tests.ivr.doctor.examined import looked, site_of, wrong


def test_a_check_that_raises_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def broken(_site: Site) -> list[Finding]:
        raise ZeroDivisionError("by nothing")

    examined = looked([Check("broken", broken), Check("fine", lambda _: [ok("well")])], site_of(tmp_path))
    assert [(each.check, each.finding.level) for each in examined] == [("broken", Level.ERROR), ("fine", Level.OK)]
    assert "ZeroDivisionError" in examined[0].finding.text


def test_a_check_that_hangs_is_left_behind(tmp_path: Path) -> None:
    go_on = threading.Event()

    def hangs(_site: Site) -> list[Finding]:
        go_on.wait(30)
        return []

    checks = [Check("hangs", hangs), Check("fine", lambda _: [ok("well")])]
    examined = list(examine(site_of(tmp_path), checks, patience_s=0.05))
    go_on.set()
    assert "no answer within 0.05 s" in examined[0].finding.text
    assert examined[1].finding.level is Level.OK


def test_whatever_is_wrong_comes_with_a_remedy(tmp_path: Path) -> None:
    site = site_of(tmp_path / "nowhere", "AMI at 127.0.0.1:5038 is away")
    found = wrong(looked(CHECKS, site))
    assert found
    assert all(finding.remedy for finding in found)
