"""How the table of `ivr calls` looks, and which numbers `--number` takes."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ivr.call.dialogue.events import REASONS
from ivr.cli import app
from ivr.cli.calls.call_table import print_calls
from ivr.records import CallReader, CallSummary, CallWriter, Query, Vitals, open_records
from ivr.records.changes import ServiceBeat
from tests.ivr.cli.calls.recorded import progress
from tests.ivr.records.calls import call


@pytest.fixture(autouse=True)
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CallWriter]:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))
    database = open_records(f"sqlite:///{tmp_path / 'store.db'}")
    writer = CallWriter(database, service_id="service", host="elsewhere", pid=1)
    writer.write([ServiceBeat(Vitals()), call("aaaaaaaaaaaa"), progress("aaaaaaaaaaaa", "failed", "silence", wrong=2)])
    yield writer
    database.close()


@pytest.fixture
def found(tmp_path: Path) -> Iterator[CallSummary]:
    database = open_records(f"sqlite:///{tmp_path / 'store.db'}")
    yield CallReader(database).search(Query(limit=None))[0]
    database.close()


def calls(*words: str) -> list[str]:
    result = CliRunner().invoke(app, ["calls", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_wrong_entries_and_silences_have_a_column_each() -> None:
    head, row = calls()
    wrong, silent = (head.index(name) + len(name) for name in ("wrong", "silent"))
    assert row[wrong - 2 : wrong] == " 2"
    assert row[silent - 2 : silent] == "  "


def test_moments_are_local_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert "  2026-04-01 18:00:00+0900  " in calls()[1]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_line_ends_with_a_blank_where_there_is_no_terminal() -> None:
    assert [line for line in calls() if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_row_that_is_printed_later_stands_under_the_others(found: CallSummary, width: int) -> None:
    """This holds for every outcome, and however narrow the terminal is."""
    first, *others = (
        places(replace(found, outcome=outcome, reason=reason), width)
        for outcome, reasons in REASONS.items()
        for reason in reasons
    )
    assert all(other == first for other in others)


def places(call: CallSummary, width: int) -> list[tuple[int, int]]:
    """Find line and column of some values in a call that is printed alone."""
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None)
    print_calls(console, [call], header=False)
    lines = written.getvalue().splitlines()
    shown = (call.call_id, str(call.began.caller), str(call.target), call.outcome)
    return [next((number, line.index(value)) for number, line in enumerate(lines) if value in line) for value in shown]


@pytest.mark.parametrize(
    "number", ["０３１２３４５６７８", "+81 3-1234-5678", "（０３）１２３４−５６７８", "５６７８", "4ー5678", "34-5678"]
)
def test_a_number_is_found_however_its_digits_are_written(number: str) -> None:
    assert len(calls("--number", number)) == 2


def test_another_number_is_not_found() -> None:
    assert calls("--number", "９９９９") == ["No calls."]
