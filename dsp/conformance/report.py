"""Shows the results as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from dsp.conformance.conditions import Section
from dsp.conformance.runner import Result
from dsp.conformance.talkoff import SpeechResult
from dsp.profiles import Profile


def summary(results: Sequence[Result]) -> Table:
    """Return a table of sections against receivers: recordings passed, keys wrong, false keys."""
    table = Table(title="Recordings in which every key was heard once and nothing else")
    results = [result for result in results if result.condition.cell is None]
    sections = _sections(results)
    table.add_column("", no_wrap=True)
    columns = []
    for name in dict.fromkeys(result.receiver for result in results):
        table.add_column(name, justify="right", overflow="fold")
        columns.append(_summary_of([result for result in results if result.receiver == name], sections))
    for row in zip((*map(str, sections), "keys wrong", "false keys"), *columns, strict=True):
        table.add_row(*row)
    return table


def _summary_of(results: Sequence[Result], sections: Sequence[Section]) -> list[str]:
    """Return one receiver's column of the summary, from top to bottom."""
    cells = []
    for section in sections:
        part = [result for result in results if result.condition.section is section]
        cells.append(f"{sum(result.passed for result in part)}/{len(part)}" if part else "-")
    sent = [result for result in results if result.condition.heard]
    keys = sum(len(result.expected) for result in sent)
    wrong = sum(result.wrong for result in sent)
    false = sum(result.wrong for result in results if not result.condition.heard)
    return [*cells, f"{wrong / keys:.3%}" if keys else "-", str(false)]


def limits(profile: Profile) -> Table:
    """Return a table of what a profile requires, beside the receiver's own limits."""
    table = Table(title=f"Profile {profile.name}")
    for heading in ("", "accept", "refuse", "the receiver's limit"):
        table.add_column(heading)
    low, high = profile.twist_accept_db
    weakest, strongest = profile.level_accept_dbm0
    rows = (
        (
            "frequency offset",
            f"{profile.frequency_accept_percent} %",
            f"{profile.frequency_reject_percent} %",
            f"{profile.max_offset_percent:.2f} %",
        ),
        ("twist", f"{low:+.0f} to {high:+.0f} dB", "", ""),
        ("level", f"{weakest:.0f} to {strongest:.0f} dBm0", "", f"{profile.floor_dbm0:.1f} dBm0"),
        (
            "tone",
            f"{profile.tone_accept_ms:.0f} ms",
            f"{profile.tone_reject_ms:.0f} ms",
            f"{profile.min_tone_ms:.0f} ms",
        ),
        (
            "gap that ends a key",
            f"{profile.pause_accept_ms:.0f} ms",
            f"{profile.interruption_ms:.0f} ms",
            f"{profile.min_gap_ms:.0f} ms",
        ),
    )
    for row in rows:
        table.add_row(*row)
    return table


def failures(results: Sequence[Result], *, most: int = 60) -> Table:
    """Return a table of the conditions that any receiver failed, and how many keys each got wrong."""
    names = list(dict.fromkeys(result.receiver for result in results))
    table = Table(title="Keys wrong, by condition")
    table.add_column("table")
    table.add_column("condition")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    wrong: dict[tuple[str, str], dict[str, int]] = {}
    for result in results:
        if result.condition.cell is not None:
            continue
        counts = wrong.setdefault((str(result.condition.section), result.condition.name), dict.fromkeys(names, 0))
        counts[result.receiver] += result.wrong
    failed = [(where, counts) for where, counts in wrong.items() if any(counts.values())]
    for (section, condition), counts in failed[:most]:
        table.add_row(section, condition, *(str(counts[name]) if counts[name] else "" for name in names))
    if len(failed) > most:
        table.caption = f"and {len(failed) - most} more"
    return table


def grids(results: Sequence[Result]) -> list[Table]:
    """Return a table for each section that has its own: keys wrong by row and column, one number for each receiver."""
    return [_grid(section, results) for section in _sections([item for item in results if item.condition.cell])]


def _grid(section: Section, results: Sequence[Result]) -> Table:
    names = list(dict.fromkeys(result.receiver for result in results))
    wrong: dict[tuple[str, str], dict[str, int]] = {}
    totals = dict.fromkeys(names, 0)
    keys = 0
    for result in results:
        if result.condition.section is not section or result.condition.cell is None:
            continue
        wrong.setdefault(result.condition.cell, dict.fromkeys(names, 0))[result.receiver] += result.wrong
        totals[result.receiver] += result.wrong
        keys += len(result.expected) if result.receiver == names[0] else 0
    table = Table(title=f"{str(section).capitalize()}: keys wrong; " + ", ".join(names))
    table.add_column("")
    columns = list(dict.fromkeys(column for _, column in wrong))
    for column in columns:
        table.add_column(column, justify="right")
    for row in dict.fromkeys(row for row, _ in wrong):
        table.add_row(row, *(_numbers(wrong.get((row, column), {})) for column in columns))
    table.caption = f"of {keys} keys: " + ", ".join(f"{name} {total}" for name, total in totals.items())
    return table


def _numbers(counts: dict[str, int]) -> str:
    return "/".join(map(str, counts.values())) if any(counts.values()) else "."


def _sections(results: Sequence[Result]) -> list[Section]:
    present = {result.condition.section for result in results}
    return [section for section in Section if section in present]


def speech(results: Sequence[SpeechResult]) -> Table:
    """Return a table of the false keys heard in speech."""
    table = Table(title="Speech: keys heard where none are")
    for heading in ("receiver", "hours", "false keys", "by pitch shift"):
        table.add_column(heading, no_wrap=heading in ("hours", "false keys"), overflow="fold")
    for name in dict.fromkeys(result.receiver for result in results):
        mine = [result for result in results if result.receiver == name]
        found = "  ".join(f"{result.pitch:.2f}: {result.keys}" for result in mine if result.keys)
        hours = sum(result.hours for result in mine)
        table.add_row(name, f"{hours:.1f}", str(sum(len(result.keys) for result in mine)), found or "none")
    return table
