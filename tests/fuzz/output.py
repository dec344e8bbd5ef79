"""Reads what libFuzzer prints, and makes the table of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SETTLED_AFTER: Final = 65_536
"""From so many inputs on the memory must not grow: caches are full then."""
_STATUS: Final = re.compile(r"^#(\d+)\s.*?\bft: (\d+)", re.MULTILINE)
_MEMORY: Final = re.compile(r"^memory after (\d+) inputs: (\d+) MB$", re.MULTILINE)
_INPUTS: Final = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.MULTILINE)
_A_SECOND: Final = re.compile(r"^stat::average_exec_per_sec:\s*(\d+)", re.MULTILINE)
_UNCAUGHT: Final = "=== Uncaught Python exception: ==="


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of fuzzing a target.

    Attributes:
        name: the target.
        inputs: how many inputs it was given.
        a_second: how many of them a second.
        features: how many features of coverage libFuzzer tells apart: branches, and how often each was taken.
        memory_mb: how much memory it had in the end; 0 if it was given fewer than 4096 inputs.
        growth_mb: how much more that is than after the first 65,536 inputs; 0 if there were fewer.
        findings: the inputs that made it fail.
        said: the first line of the failure; "" if there was none.
        failed: whether it failed.
        output: the file of what was printed.
    """

    name: str
    inputs: int
    a_second: int
    features: int
    memory_mb: int
    growth_mb: int
    findings: Sequence[Path]
    said: str
    failed: bool
    output: Path


def memory_line(inputs: int, mb: float) -> str:
    """Return the line that says how much memory a target has after so many inputs."""
    return f"memory after {inputs} inputs: {mb:.0f} MB"


def read_output(name: str, output: Path, status: int, findings: Sequence[Path]) -> Result:
    """Read the output of a run.

    Args:
        name: the target.
        output: the file of what it printed.
        status: its exit status.
        findings: the inputs that it left because they failed.
    """
    text = output.read_text(encoding="utf-8", errors="replace")
    lines = [tuple(map(int, found)) for found in _STATUS.findall(text)]
    last = lines[-1] if lines else (0, 0)
    memory = [(int(after), int(mb)) for after, mb in _MEMORY.findall(text)]
    now_mb = memory[-1][1] if memory else 0
    settled_mb = next((mb for after, mb in memory if after >= SETTLED_AFTER), now_mb)
    failed = status != 0 or bool(findings)
    return Result(
        name=name,
        inputs=_number(_INPUTS, text) or last[0],
        a_second=_number(_A_SECOND, text),
        features=last[1],
        memory_mb=now_mb,
        growth_mb=now_mb - settled_mb,
        findings=findings,
        said=_said(text, status) if failed else "",
        failed=failed,
        output=output,
    )


def table(results: Sequence[Result]) -> str:
    """Return the table of a run, with a last row for all targets."""
    rows = [("target", "inputs", "inputs/s", "features", "MB", "growth", "findings")]
    rows += [
        (
            each.name,
            f"{each.inputs:,}",
            f"{each.a_second:,}",
            f"{each.features:,}",
            str(each.memory_mb),
            f"{each.growth_mb:+d}",
            str(max(len(each.findings), int(each.failed))),
        )
        for each in results
    ]
    inputs = sum(each.inputs for each in results)
    failures = sum(max(len(each.findings), int(each.failed)) for each in results)
    rows.append(("all", f"{inputs:,}", "", "", "", "", str(failures)))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _said(text: str, status: int) -> str:
    _, uncaught, rest = text.partition(_UNCAUGHT)
    if uncaught:
        return rest.strip().splitlines()[0]
    found = re.search(r"ERROR: libFuzzer: .*", text)
    return found[0] if found else f"it ended with status {status}: see its output"
