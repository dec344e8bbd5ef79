"""The doctor's findings about call notices: whether the journal can be written and read, and whether it is read."""

from __future__ import annotations

import dataclasses
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from credentials.secrets.keys import Key
from ivr.doctor import Finding, Level, Site
from ivr.doctor.checks.exchange import call_notices
from ivr.doctor.exchange_facts import NOTICE_MODULES, ExchangeFacts
from notice.store.opening import NoticeStore
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.ivr.doctor.examined import FACTS, looked, site_of
from tests.notice.journals import answered_call

JOURNAL, READER = ((check,) for check in call_notices.CHECKS)
WRITES = dataclasses.replace(FACTS, notice_modules=dict.fromkeys(NOTICE_MODULES, True), has_notice=True)


def found(checks: Any, tmp_path: Path, facts: ExchangeFacts | str = WRITES, **settings: Any) -> list[Finding]:
    given = {"notice_journal": tmp_path / "journal" / "karipass-notice.json", "notice_exchange": "exchange-1"}
    site: Site = site_of(tmp_path, facts, **given | settings)
    return [each.finding for each in looked(checks, site)]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder / "karipass-notice.json"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NoticeStore]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with NoticeStore.open(url, key=Key(bytes(32)), policy=CHEAP, limits=MANY_CALLS) as store:
        store.import_lines(io.StringIO(LINES, newline=""))
        yield store


def call_of_just_now(seconds_ago: float) -> bytes:
    start = datetime.fromtimestamp(int(time.time() - seconds_ago), UTC)
    return b"".join(line + b"\n" for line in answered_call(start=start))


def test_a_host_without_a_journal_has_nothing_wrong(tmp_path: Path) -> None:
    site = site_of(tmp_path, FACTS)
    (finding,) = [each.finding for each in looked(call_notices.CHECKS, site)]
    assert (finding.level, "no call notices" in finding.text) == (Level.OK, True)


def test_a_folder_that_is_missing_is_found_before_the_first_call_is_lost(tmp_path: Path) -> None:
    (finding,) = found(JOURNAL, tmp_path)
    assert finding.level is Level.WARNING
    assert "loses each line" in finding.text


def test_a_journal_that_is_written_says_when_it_was(tmp_path: Path, journal: Path) -> None:
    assert [each.level for each in found(JOURNAL, tmp_path)] == [Level.OK]
    journal.write_bytes(call_of_just_now(0))
    (finding,) = found(JOURNAL, tmp_path)
    assert (finding.level, "last written at 20" in finding.text) == (Level.OK, True)


def test_an_asterisk_that_cannot_write_it_is_found(tmp_path: Path, journal: Path) -> None:
    facts = dataclasses.replace(WRITES, notice_modules={"cel_custom": False, "app_stack": True}, has_notice=False)
    wrong = [each for each in found(JOURNAL, tmp_path, facts) if each.level is Level.WARNING]
    assert ["cel_custom" in wrong[0].text, "app_stack" in wrong[0].text] == [True, False]
    assert "karipass/notice.conf" in wrong[1].remedy
    assert [each.level for each in found(JOURNAL, tmp_path, "AMI: away")] == [Level.OK]


def test_a_journal_that_nobody_reads_is_found(tmp_path: Path, journal: Path, store: NoticeStore) -> None:
    (finding,) = found(READER, tmp_path)
    assert (finding.level, finding.text) == (Level.WARNING, "nobody has read the journal of exchange-1")
    assert "ivr notice serve" in finding.remedy


def test_a_reader_at_work_is_well_until_a_call_waits_too_long(
    tmp_path: Path, journal: Path, store: NoticeStore
) -> None:
    store.note_looking("exchange-1")
    journal.write_bytes(call_of_just_now(6))
    assert [each.level for each in found(READER, tmp_path)] == [Level.OK]
    journal.write_bytes(call_of_just_now(60))
    (finding,) = found(READER, tmp_path)
    assert finding.text.startswith("1 call has no verdict, the oldest for 5")


def test_a_reader_that_has_ended_is_found_without_any_call(
    tmp_path: Path, journal: Path, store: NoticeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.note_looking("exchange-1")
    later = datetime.now(UTC) + 2 * call_notices.SILENT
    monkeypatch.setattr(call_notices, "utc_now", lambda: later)
    (finding,) = found(READER, tmp_path)
    assert "has not looked at the journal of exchange-1 for 1" in finding.text


def test_a_store_that_is_not_there_yet_is_left_to_its_own_check(tmp_path: Path, journal: Path) -> None:
    assert found(READER, tmp_path) == []
