"""Replays inputs without a fuzzer: `python -m tests.fuzz.replay TARGET [FILE ...]`, by default all that are kept.

The exit status is 1 if one of them makes the target fail; the traceback says where.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.catalogue import Target, target_named


def replay(target: Target, files: Sequence[Path]) -> int:
    """Give files to a target, and print the traceback of each that makes it fail; return how many those are."""
    one_input = target.load()
    failed = 0
    for file in files:
        began = time.process_time()
        try:
            one_input(file.read_bytes())
        except Exception:  # noqa: BLE001 - a finding is any exception
            failed += 1
            print(f"{file}:\n{traceback.format_exc()}")
        else:
            print(f"{file}: passes, in {time.process_time() - began:.3f} s")
    return failed


def main(arguments: Sequence[str]) -> int:
    """Replay, and return the exit status."""
    if not arguments:
        print(__doc__)
        return 2
    try:
        target = target_named(arguments[0])
    except LookupError as error:
        print(error.args[0])
        return 2
    files = [Path(name) for name in arguments[1:]] or target.kept_inputs()
    return 1 if replay(target, files) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
