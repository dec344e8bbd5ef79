"""Reads what a target prints while it is fuzzed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SETTLED_AFTER: Final = 16_384
"""From so many inputs on the memory must not grow: caches are full then."""
_STATUS: Final = re.compile(r"^#(\d+)\s.*?\bcov: (\d+) ft: (\d+)", re.MULTILINE)
_MEMORY: Final = re.compile(r"^memory after (\d+) inputs: (\d+) MB$", re.MULTILINE)
_SLOWEST: Final = re.compile(r"^slowest input: (\d+) ms for (\d+) octets$", re.MULTILINE)
_INPUTS: Final = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.MULTILINE)
_DONE: Final = re.compile(r"^Done \d+ runs in (\d+) second", re.MULTILINE)
_UNCAUGHT: Final = "=== Uncaught Python exception: ==="


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of fuzzing a target.

    Attributes:
        name: the target.
        inputs: how many inputs it was given.
        seconds: how long that took.
        branches: how many branches of the product's code its inputs took.
        features: how many features of coverage libFuzzer tells apart: branches, and how often each was taken.
        start_mb: how much memory the process had at most until its first input was done.
        end_mb: how much it had at most in the end.
        growth_mb: how much more that is than after the first 16,384 inputs; None if there were not many more.
        slowest_ms: how much of the processor's time one input took at most.
        findings: the inputs that made it fail.
        said: the first line of the failure; "" if there was none.
        failed: whether it failed.
        output: the file of what was printed.
    """

    name: str
    inputs: int
    seconds: float
    branches: int
    features: int
    start_mb: int
    end_mb: int
    growth_mb: int | None
    slowest_ms: int
    findings: Sequence[Path]
    said: str
    failed: bool
    output: Path

    @property
    def a_second(self) -> float:
        """How many inputs a second it was given."""
        return self.inputs / self.seconds if self.seconds else 0.0


def memory_line(inputs: int, mb: float) -> str:
    """Return the line that says how much memory a target had at most until it was given so many inputs."""
    return f"memory after {inputs} inputs: {mb:.0f} MB"


def slowest_line(took_s: float, octets: int) -> str:
    """Return the line that says what the slowest input so far was."""
    return f"slowest input: {took_s * 1000:.0f} ms for {octets} octets"


def read_output(name: str, output: Path, status: int, seconds: float, findings: Sequence[Path]) -> Result:
    """Read the output of a run.

    Args:
        name: the target.
        output: the file of what it printed.
        status: its exit status.
        seconds: how long it ran, if the output does not say.
        findings: the inputs that it left because they failed.
    """
    text = output.read_text(encoding="utf-8", errors="replace")
    statuses = [tuple(map(int, found)) for found in _STATUS.findall(text)]
    last = statuses[-1] if statuses else (0, 0, 0)
    memory = [(int(after), int(mb)) for after, mb in _MEMORY.findall(text)]
    settled_mb = next((mb for after, mb in memory if after >= SETTLED_AFTER), None)
    end_mb = memory[-1][1] if memory else 0
    executed, done = _INPUTS.search(text), _DONE.search(text)
    failed = status != 0 or bool(findings)
    return Result(
        name=name,
        inputs=int(executed[1]) if executed else last[0],
        seconds=max(int(done[1]), 1) if done else seconds,
        branches=last[1],
        features=last[2],
        start_mb=memory[0][1] if memory else 0,
        end_mb=end_mb,
        growth_mb=None if settled_mb is None else end_mb - settled_mb,
        slowest_ms=max((int(took) for took, _ in _SLOWEST.findall(text)), default=0),
        findings=findings,
        said=_said(text, status) if failed else "",
        failed=failed,
        output=output,
    )


def together(one: Result | None, more: Result) -> Result:
    """Return what came of a target in two runs, one after the other."""
    if one is None:
        return more
    growths = [growth for growth in (one.growth_mb, more.growth_mb) if growth is not None]
    return Result(
        name=more.name,
        inputs=one.inputs + more.inputs,
        seconds=one.seconds + more.seconds,
        branches=max(one.branches, more.branches),
        features=max(one.features, more.features),
        start_mb=more.start_mb,
        end_mb=max(one.end_mb, more.end_mb),
        growth_mb=max(growths, default=None),
        slowest_ms=max(one.slowest_ms, more.slowest_ms),
        findings=[*one.findings, *more.findings],
        said=one.said or more.said,
        failed=one.failed or more.failed,
        output=more.output,
    )


def _said(text: str, status: int) -> str:
    _, uncaught, rest = text.partition(_UNCAUGHT)
    if uncaught:
        return rest.strip().splitlines()[0]
    found = re.search(r"ERROR: libFuzzer: .*", text)
    return found[0] if found else f"it ended with status {status}"
