"""Calls as a table: `ivr calls`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from ivr.call.dialogue.events import REASONS
from ivr.cli.calls.one_call import outcome_text
from ivr.cli.output.moments import when
from ivr.cli.output.tables import Column, Row, print_table
from ivr.records import CallSummary

_COLUMNS: Final = (
    Column(name="call", least=12),
    Column(name="start", least=len("2026-11-27 18:48:49+0900")),
    Column(name="caller", least=11),
    Column(name="target", least=11),
    Column(name="unit", least=len("ADMIN_USER")),
    Column(
        name="outcome",
        least=max(len(f"{outcome} ({reason})") for outcome, reasons in REASONS.items() for reason in reasons),
    ),
    Column(name="wrong", right=True),
    Column(name="silent", right=True),
    Column(name="near misses", right=True),
    Column(name="seconds", right=True),
)
"""The columns have fixed widths, so that with `--follow` later calls stand under earlier ones."""


def print_calls(console: Console, calls: Sequence[CallSummary], *, header: bool = True) -> None:
    """Print calls, a row or a block each."""
    print_table(console, _COLUMNS, [_row(call) for call in calls], header=header)


def _row(call: CallSummary) -> Row:
    return (
        call.call_id,
        when(call.began.began_at),
        call.began.caller or "-",
        call.target or "-",
        call.unit or "-",
        outcome_text(call),
        str(call.wrong_entries or ""),
        str(call.silences or ""),
        str(call.missed or ""),
        "" if call.seconds is None else f"{call.seconds:.0f}",
    )
