"""Fuzzes all targets, or those that are named, and prints a table: `make fuzz`, `make fuzz-quick`.

Each target first replays its inputs: those in the repository, and those that earlier runs found on this machine. Then
it makes new ones. The exit status is 1 if there was a finding, and 2 if nothing could be run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.fuzz.catalogue import NO_ATHERIS, WORK, Target, targets_named
from tests.fuzz.output import Result, read_output, table
from tests.repository import ROOT

INPUT_TIMEOUT_S: Final = 30
"""How long one input may hang before libFuzzer gives up; what is only slow is found by its processor time."""
MEMORY_LIMIT_MB: Final = 2048
_LONGEST_START_S: Final = 600


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
        f"-rss_limit_mb={MEMORY_LIMIT_MB}",
        f"-artifact_prefix={target.findings}/",
        "-print_final_stats=1",
        str(target.found),
        *([str(target.kept)] if target.kept.is_dir() else []),
    ]
    log = WORK / "output" / f"{target.name.replace('/', '.')}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
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
    return read_output(target.name, log, done.returncode, found)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzzes the parsers of the product.")
    parser.add_argument("targets", nargs="*", help="targets by name, as in telephony/audiosocket; by default all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each target is fuzzed")
    parser.add_argument("--in-all", type=float, help="instead: how many seconds all targets take together")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 2), help="how many targets run at once")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Fuzz, print the table, and return the exit status."""
    given = _arguments(words)
    if importlib.util.find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    try:
        targets = targets_named(given.targets)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    seconds = given.seconds if given.in_all is None else given.in_all * given.jobs / len(targets)
    with ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda target: fuzz(target, seconds), targets))
    print(table(results))
    failed = [result for result in results if result.failed]
    for result in failed:
        print(f"\n{result.name}: {result.said}\n  output: {_shown(result.output)}")
        for finding in result.findings:
            print(f"  input: {_shown(finding)}")
            print(f"  again: {_shown(Path(sys.executable))} -m tests.fuzz.replay {result.name} {_shown(finding)}")
    return 1 if failed else 0


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
