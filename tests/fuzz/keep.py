"""Keeps what runs found: `python -m tests.fuzz.keep [TARGET ...]`, by default of all targets.

Of the inputs that runs on this machine found, only those stay that show something that no smaller one shows. Those that
take a branch that no input in the repository takes are copied there, to be committed. Nothing in the repository is
removed: a file that has a name instead of a hash shows what was once mended.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzz.catalogue import NO_ATHERIS, WORK, Target, targets_named
from tests.repository import ROOT

MOST_INPUTS: Final = 200
"""How many inputs of a target stand in the repository."""
_BRANCHES_ALONE: Final = "-use_counters=0"
_MERGE_TIMEOUT_S: Final = 1800


def hash_name(content: bytes) -> str:
    """Return how the file of an input is called."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]


def keep(target: Target) -> int:
    """Shrink what was found for a target, copy what is new into the repository, and return how many files that are."""
    if not target.found.is_dir():
        return 0
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as work:
        fewer, new = Path(work, "fewer"), Path(work, "new")
        fewer.mkdir()
        _merge(target, fewer, target.found)
        shutil.rmtree(target.found)
        fewer.rename(target.found)
        shutil.copytree(target.kept, new) if target.kept.is_dir() else new.mkdir()
        had = {path.name for path in new.iterdir()}
        _merge(target, new, target.found, _BRANCHES_ALONE)
        added = sorted((path for path in new.iterdir() if path.name not in had), key=lambda path: path.stat().st_size)
        added = added[: max(MOST_INPUTS - len(had), 0)]
        target.kept.mkdir(parents=True, exist_ok=True)
        for path in added:
            shutil.copyfile(path, target.kept / hash_name(path.read_bytes()))
    return len(added)


def _merge(target: Target, into: Path, of: Path, *options: str) -> None:
    """Copy those inputs into a directory that show something which none of those in it shows, the smallest first."""
    command = [sys.executable, "-m", "tests.fuzz.fuzz_one", target.name, "-merge=1", *options, str(into), str(of)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=_MERGE_TIMEOUT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{target.name}: merging failed: {done.stderr[-500:].decode(errors='replace')}")


def main(words: Sequence[str]) -> int:
    """Keep what was found, and return the exit status."""
    if importlib.util.find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    try:
        targets = targets_named(words)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    for target in targets:
        added = keep(target)
        if added:
            print(f"{target.name}: {added} inputs are new in {target.kept.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
