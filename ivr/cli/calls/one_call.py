"""Prints one call on a terminal: what is known of it, and its transcript."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from console.call.explanations import explain_miss
from console.texts import load_texts
from ivr.call.dialogue.events import Outcome
from ivr.call.transcript import HIDDEN
from ivr.cli.output.moments import when
from ivr.cli.output.tables import Column, print_table
from ivr.cli.output.wording import counted
from ivr.records import CallRecord, CallSummary, Fate, RecordedEntry, together

_STYLES: Final = {Outcome.SET.value: "green", Fate.IN_PROGRESS.value: "cyan", Outcome.REFUSED.value: "yellow"}
_WRONG: Final = "red"
_NEAR_MISS: Final = "near miss"
_FACTS: Final = Column(), Column(prose=True)
_TRANSCRIPT: Final = Column(least=7, right=True), Column(least=len(f"{_NEAR_MISS} 1")), Column(prose=True)


def outcome_text(call: CallSummary) -> Text:
    """The outcome, with the reason if it says more."""
    reason = "" if call.reason in ("", call.outcome) else f" ({call.reason})"
    return Text(call.outcome + reason, _STYLES.get(call.outcome, _WRONG))


def print_call(record: CallRecord, console: Console) -> None:
    """Print what is known of a call, and its transcript."""
    facts = [(Text(name, "dim"), value) for name, value in _facts(record.summary).items()]
    print_table(console, _FACTS, facts, header=False)
    console.print()
    print_transcript(record.entries, console)


def print_transcript(entries: Iterable[RecordedEntry], console: Console) -> None:
    """Print a call's entries; those that say the same without a time, as keys of a password do, as one."""
    rows = []
    for entry, more in together(entries):
        head, text = _line(entry)
        if more:
            text.append(f"  (and {len(more)} more)", "dim")
        rows.append((Text("" if entry.at_s is None else f"{entry.at_s:.2f}", "dim"), head, text))
    print_table(console, _TRANSCRIPT, rows, header=False)


def _facts(call: CallSummary) -> dict[str, Text | str]:
    seconds = "" if call.seconds is None else f", {call.seconds:.1f} s"
    facts: dict[str, Text | str] = {
        "call": call.call_id,
        "start": f"{when(call.began.began_at)}{seconds}",
        "caller": f"{call.began.caller or 'no number'} by {call.began.trunk or 'an unknown endpoint'}",
        "target": "-" if call.target is None else f"{call.target} ({call.unit})",
        "language": call.began.language,
        "outcome": outcome_text(call),
        "entries": f"{call.wrong_entries} wrong, {call.silences} silent; last step: {call.step}",
        "keys": f"{call.keys} heard, {counted(call.missed, 'near miss', 'near misses')}",
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
            why = Text(explain_miss(body, load_texts("en")), _WRONG)
            figures = "" if body["figures"] is None else f"  {_figures(body['figures'])}"
            return Text(f"{_NEAR_MISS} {_shown(body)}", _WRONG), why.append(figures, "dim")
        case "judged":
            attempt = f" (no. {body['attempt']})" if body["attempt"] else ""
            style = "" if body["verdict"] == "accepted" else _WRONG
            return Text("entry", style), Text(
                f"{body['step']}: {body['shown'] or 'nothing'} {body['verdict']}{attempt}", style
            )
        case "ended":
            style = _STYLES.get(body["outcome"], _WRONG)
            return Text("end", style), Text(f"{body['outcome']} ({body['reason']})", style)
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
