"""The sample subscribers of an exchange of our own, and what happens to their calls."""

from __future__ import annotations

import csv
import dataclasses
import re

from ivr.exchange.configuration import DIALPLAN_DIR
from ivr.exchange.sample_subscribers import NUISANCE, SUBSCRIBERS, dialplan
from ivr.exchange.standalone import SAMPLE_LINES
from tests.dialplan.asterisk_config import CONFIG, rendered, statements


def sample_numbers() -> set[str]:
    with SAMPLE_LINES.open(encoding="utf-8", newline="") as file:
        return {text.replace("-", "") for row in csv.DictReader(file) for text in row.values() if text} - {"ja"}


def test_each_sample_subscriber_has_a_number_of_a_sample_line() -> None:
    assert {each.number for each in SUBSCRIBERS} <= sample_numbers()


def test_each_has_a_place_in_the_dialplan_and_leads_to_the_way_of_a_subscribers_call() -> None:
    files = rendered(dataclasses.replace(CONFIG, has_journal=True, own={"extensions.conf": dialplan()}))
    lines = list(statements(files["extensions.conf"], files))
    for each in SUBSCRIBERS:
        assert f"exten => {each.number},1,Set(KARIPASS_SAMPLE_PHONE={each.phone})" in lines
    assert lines.count("same => n,Goto(karipass-sample,${EXTEN},1)") == len(SUBSCRIBERS)
    assert f"same => n,Set(KARIPASS_SAMPLE_NUISANCE={NUISANCE})" in lines


def test_they_come_after_the_access_number_in_the_context_of_all_callers() -> None:
    text = rendered(dataclasses.replace(CONFIG, has_journal=True, own={"extensions.conf": dialplan()}))
    assert text["extensions.conf"].index("#include karipass/extensions.conf") < text["extensions.conf"].index(
        "[karipass-inbound](+)"
    )


def test_each_dial_and_each_refusal_of_theirs_writes_the_journal() -> None:
    text = (DIALPLAN_DIR / "samples" / "subscribers.conf").read_text(encoding="utf-8")
    lines = list(statements(text, {}))
    dials = [line for line in lines if "Dial(" in line]
    assert len(dials) == 2
    for line in dials:
        assert re.search(r"B\(karipass-notice\^(call|forward)\^1\(\$\{EXTEN\}\)\)b\(karipass-notice\^leg\^1\)", line)
        assert "U(karipass-notice)" in line
    refusals = [line for line in lines if "Gosub(karipass-notice,refused" in line]
    assert [line.rpartition(",")[2].rstrip(")") for line in refusals] == ["nuisance", "anonymous"]
