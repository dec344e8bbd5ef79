"""One call on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr.cli.wording import counted
from ivr.dialogue.events import Outcome
from ivr.records import CallRecord, CallSummary, Fate, RecordedEntry, together
from ivr.records.explain import explain_miss
from ivr.transcript import HIDDEN

_STYLES: Final = {Outcome.SET.value: "green", Fate.IN_PROGRESS.value: "cyan", Outcome.REFUSED.value: "yellow"}
_WRONG: Final = "red"


def when(moment: datetime) -> str:
    """A moment in local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def console() -> Console:
    """As wide as the terminal; wide enough for a line an entry where it is none."""
    return Console(width=None if sys.stdout.isatty() else 160)


def outcome_text(call: CallSummary) -> Text:
    """The outcome, and the reason where it says more."""
    reason = "" if call.reason in ("", call.outcome) else f" ({call.reason})"
    return Text(call.outcome + reason, _STYLES.get(call.outcome, _WRONG))


def print_call(record: CallRecord, console: Console) -> None:
    """Print what is known of a call, and its timeline."""
    call = record.summary
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim")
    facts.add_column()
    for name, value in _facts(call).items():
        facts.add_row(name, value)
    console.print(facts)
    console.print()
    timeline = Table(box=None, show_header=False, pad_edge=False)
    timeline.add_column(justify="right", style="dim", no_wrap=True, min_width=7)
    timeline.add_column(no_wrap=True, min_width=6)
    timeline.add_column(overflow="fold")
    for entry, more in together(record.entries):
        head, text = _line(entry)
        if more:
            text.append(f"  (and {len(more)} more)", "dim")
        timeline.add_row("" if entry.at_s is None else f"{entry.at_s:.2f}", head, text)
    console.print(timeline)


def _facts(call: CallSummary) -> dict[str, Text | str]:
    seconds = "" if call.seconds is None else f", {call.seconds:.1f} s"
    facts: dict[str, Text | str] = {
        "call": call.call_id,
        "began": f"{when(call.began.began_at)}{seconds}",
        "caller": f"{call.began.caller or 'no number'} by {call.began.trunk or 'an unknown endpoint'}",
        "target": "-" if call.target is None else f"{call.target} ({call.unit})",
        "language": call.began.language,
        "outcome": outcome_text(call),
        "entries": f"{call.wrong_entries} wrong, {call.silences} silent; last step: {call.step}",
        "keys": f"{call.keys} heard, {counted(call.missed, 'burst')} refused",
    }
    if call.hangup is not None:
        cause = "" if call.hangup.cause is None else f"{call.hangup.cause} "
        facts["hang-up"] = f"{cause}{call.hangup.text}"
    if call.rtp is not None:
        figures = (
            ("lost", call.rtp.lost_percent, "%"),
            ("jitter", call.rtp.jitter_ms, "ms"),
            ("round trip", call.rtp.rtt_ms, "ms"),
        )
        facts["audio"] = ", ".join(f"{name} {value:.1f} {unit}" for name, value, unit in figures if value is not None)
    return facts


def _line(entry: RecordedEntry) -> tuple[Text, Text]:
    body = entry.body
    match entry.kind:
        case "said":
            return Text("said", "blue"), Text(body["text"])
        case "interrupted":
            return Text(""), Text("(stopped by a key)", "dim")
        case "key":
            again = "" if body["counted"] else "  the same press, not counted again"
            figures = "" if body["figures"] is None else f"  {_figures(body['figures'])}"
            return Text(f"key {_shown(body)}", "green"), Text(f"{body['source']}{figures}{again}", "dim")
        case "missed":
            why = Text(explain_miss(body), _WRONG)
            figures = "" if body["figures"] is None else f"  {_figures(body['figures'])}"
            return Text(f"miss {_shown(body)}", _WRONG), why.append(figures, "dim")
        case "judged":
            attempt = f" (no. {body['attempt']})" if body["attempt"] else ""
            style = "" if body["verdict"] == "accepted" else _WRONG
            return Text("entry", style), Text(
                f"{body['step']}: {body['shown'] or 'nothing'} {body['verdict']}{attempt}", style
            )
        case "ended":
            style = _STYLES.get(body["outcome"], _WRONG)
            return Text("ended", style), Text(f"{body['outcome']} ({body['reason']})", style)
    return Text(entry.kind), Text(str(dict(body)))


def _shown(body: Mapping[str, Any]) -> str:
    return HIDDEN if body["value"] is None else str(body["value"])


def _figures(figures: Mapping[str, Any]) -> str:
    length = figures["duration_ms"]
    if length is None:
        return (
            f"all of them at worst about {figures['level_dbm0']:+.0f} dBm0  twist {figures['twist_db']:+.0f} dB  "
            f"SNR {figures['snr_db']:.0f} dB  off {figures['low_offset_percent']:.0f} % or less"
        )
    off = f"{figures['low_offset_percent']:+.1f}/{figures['high_offset_percent']:+.1f} %"
    return (
        f"{length:.0f} ms  {figures['level_dbm0']:+.1f} dBm0  twist {figures['twist_db']:+.1f} dB  "
        f"SNR {figures['snr_db']:.0f} dB  off {off}"
    )
