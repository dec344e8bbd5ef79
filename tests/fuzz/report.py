"""Makes the table of a run, and one line of each finding."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzz.output import Result
from tests.repository import ROOT

_COLUMNS: Final = (
    *("target", "inputs", "inputs/s", "branches", "features", "MB at start", "at end", "growth", "slowest ms"),
    "findings",
)
_NAME_WIDTH: Final = 21
_LONGEST_SHOWN: Final = 3000
"""How many octets an input has at most that is printed, too: CI keeps no files."""


def heading() -> str:
    """Return the table's first line."""
    return _row(_COLUMNS)


def row_of(result: Result) -> str:
    """Return a target's line of the table."""
    return _row(
        (
            result.name,
            f"{result.inputs:,}",
            f"{result.a_second:,.0f}",
            f"{result.branches:,}",
            f"{result.features:,}",
            str(result.start_mb),
            str(result.end_mb),
            "-" if result.growth_mb is None else f"{result.growth_mb:+d}",
            str(result.slowest_ms),
            str(_findings(result)),
        )
    )


def last_line(results: Sequence[Result]) -> str:
    """Return the table's last line: what all targets were given."""
    inputs, seconds = sum(each.inputs for each in results), sum(each.seconds for each in results)
    return (
        f"{inputs:,} inputs to {len(results)} targets in {seconds / 60:.1f} min of one process each:"
        f" {sum(map(_findings, results))} findings"
    )


def lines_of_findings(result: Result) -> list[str]:
    """Return one line of each input that made a target fail: what it said, and the command that replays it."""
    if result.failed and not result.findings:
        return [f"{result.name}: {result.said}; its output: {_shown(result.output)}"]
    lines = []
    for finding in result.findings:
        replayed = f"{_shown(Path(sys.executable))} -m tests.fuzz.replay {result.name} {_shown(finding)}"
        lines.append(f"{result.name}: {result.said}; replay it: {replayed}")
        content = finding.read_bytes()
        if len(content) <= _LONGEST_SHOWN:
            lines.append(f"  the file in Base64: {b64encode(content).decode()}")
    return lines


def _findings(result: Result) -> int:
    return max(len(result.findings), int(result.failed))


def _row(cells: Sequence[str]) -> str:
    name, *others = cells
    widths = [max(len(column), 6) for column in _COLUMNS[1:]]
    widths[0] = max(widths[0], len("99,999,999"))
    return "  ".join(
        [name.ljust(_NAME_WIDTH), *(cell.rjust(width) for cell, width in zip(others, widths, strict=True))]
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
