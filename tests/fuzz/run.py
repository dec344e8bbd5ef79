"""Fuzzes all targets, or those that are named, and prints a table: `make fuzz`, `make fuzz-nightly`.

Each target first replays its inputs: those in the repository, and those that earlier runs found on this machine. Then
it makes new ones, guided by coverage. The exit status is 1 if there was a finding, and 2 if nothing could be run.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.fuzz.catalogue import NO_ATHERIS, WORK, Target, targets_named
from tests.fuzz.output import Result, read_output, together
from tests.fuzz.report import heading, last_line, lines_of_findings, row_of
from tests.fuzz.shares import START_S, next_share, shares_by_speed
from tests.repository import ROOT

INPUT_TIMEOUT_S: Final = 120
"""How long one input may hang before libFuzzer gives up; what is only slow is found by its processor time. (By the
clock an input of a millisecond once took 27 s: a busy host had stopped the process.)"""
MEMORY_LIMIT_MB: Final = 2048
_LONGEST_START_S: Final = 600
_FIRST_ROUND_S: Final = 20.0
"""How long each target is fuzzed to see how fast it is, where a number of inputs is to be shared."""
_ROUNDS: Final = 4


def fuzz(target: Target, seconds: float) -> Result:
    """Fuzz a target in a process of its own.

    Args:
        target: what to fuzz.
        seconds: for how long, once the inputs at hand are replayed.
    """
    for folder in (target.found, target.findings):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(target.findings.iterdir())
    command = [
        *(sys.executable, "-m", "tests.fuzz.fuzz_one", target.name),
        f"-max_total_time={max(round(seconds), 1)}",
        f"-max_len={target.longest()}",
        f"-timeout={INPUT_TIMEOUT_S}",
        f"-report_slow_units={INPUT_TIMEOUT_S}",
        f"-rss_limit_mb={MEMORY_LIMIT_MB}",
        f"-artifact_prefix={target.findings}/",
        "-print_final_stats=1",
        str(target.found),
        *([str(target.kept)] if target.kept.is_dir() else []),
    ]
    log = WORK / "output" / f"{target.name.replace('/', '.')}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
            timeout=seconds + _LONGEST_START_S,
            check=False,
        )
    found = sorted(set(target.findings.iterdir()) - before)
    return read_output(target.name, log, done.returncode, time.monotonic() - began, found)


def for_each(targets: Sequence[Target], seconds: float) -> list[Result]:
    """Fuzz targets for so many seconds each, one after the other, and print a line of each."""
    return [_told(fuzz(target, seconds)) for target in targets]


def in_all(targets: Sequence[Target], seconds: float) -> list[Result]:
    """Fuzz targets for so many seconds in all, and print a line of each."""
    ends = time.monotonic() + seconds
    return [
        _told(fuzz(target, next_share(ends - time.monotonic(), len(targets) - place)))
        for place, target in enumerate(targets)
    ]


def so_many(targets: Sequence[Target], inputs: int, most_s: float) -> list[Result]:
    """Give targets so many inputs in all, to fast ones more than to slow ones; print a line of each.

    A target that has failed is given no more. If the time is over before, there are fewer inputs.
    """
    ends = time.monotonic() + most_s
    results = for_each(targets, _FIRST_ROUND_S)
    for _ in range(_ROUNDS):
        missing = inputs - sum(result.inputs for result in results)
        speeds = [0.0 if result.failed else result.a_second for result in results]
        left_s = ends - time.monotonic() - START_S * len(targets)
        if missing <= 0 or not any(speeds) or left_s < len(targets):
            break
        print(f"{missing:,} inputs to go")
        shares = shares_by_speed(missing, speeds)
        fits = min(left_s / sum(shares), 1)
        for place, share_s in enumerate(shares):
            if not results[place].failed:
                results[place] = _told(together(results[place], fuzz(targets[place], share_s * fits)))
    return results


def _told(result: Result) -> Result:
    print(row_of(result), flush=True)
    return result


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzzes the parsers of the product.")
    parser.add_argument("targets", nargs="*", help="targets by name, as in telephony/audiosocket; by default all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each target is fuzzed")
    parser.add_argument("--in-all", type=float, help="instead: how many seconds all targets take together")
    parser.add_argument("--inputs", type=int, help="instead: how many inputs all are given together, if they fit")
    parser.add_argument("--or-skip", action="store_true", help="succeed where atheris is not installed")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Fuzz, print the table, and return the exit status."""
    given = _arguments(words)
    if importlib.util.find_spec("atheris") is None:
        print(f"NOT RUN: {NO_ATHERIS}", file=sys.stderr)
        return 0 if given.or_skip else 2
    try:
        targets = targets_named(given.targets)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    print(heading(), flush=True)
    if given.inputs is not None:
        results = so_many(targets, given.inputs, math.inf if given.in_all is None else given.in_all)
        print("\n".join(["", heading(), *map(row_of, results)]))
    elif given.in_all is not None:
        results = in_all(targets, given.in_all)
    else:
        results = for_each(targets, given.seconds)
    print(last_line(results))
    for result in results:
        print("".join(f"{line}\n" for line in lines_of_findings(result)), end="")
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
