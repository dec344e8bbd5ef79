"""Fuzzes one target, guided by the coverage of the product's code: `python -m tests.fuzz.fuzz_one TARGET [OPTIONS]`.

`tests.fuzz.run` starts it; the options are libFuzzer's. As the product's modules are imported, Atheris makes them note
which of their branches an input takes, and libFuzzer keeps the inputs that take new ones.
"""

from __future__ import annotations

import gc
import logging
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Final

import atheris

from tests.fuzz.catalogue import OneInput, target_named
from tests.fuzz.output import SETTLED_AFTER, memory_line, slowest_line

_INSTRUMENTED: Final = (
    *("console", "credentials", "dsp", "ivr", "logs", "mail", "notice", "portal", "settings", "sound"),
    *("storage", "texts", "web"),
    *("email", "panoramisk", "python_multipart", "starlette"),
)
"""Our rooms, and the parsers in Python that they use (but YAML's, which would take ten times as long)."""
_CHECKED_EVERY: Final = 4096
MOST_GROWTH_MB: Final = 50
_WORTH_A_LINE_S: Final = 0.0005
_MOST_RESIDENT: Final = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class TooSlow(Exception):  # noqa: N818 - reads as what it says
    """An input took too much of the processor."""


class MemoryGrows(Exception):  # noqa: N818 - reads as what it says
    """The process needs much more memory than before; the inputs of the whole run are to blame, not the last one."""


class Watched:
    """Gives inputs to a target, and watches its time and its memory.

    Args:
        one_input: the target.
        most_s: how many seconds of the processor an input may take.
    """

    def __init__(self, one_input: OneInput, most_s: float) -> None:
        self._one_input = one_input
        self._most_s = most_s
        self._inputs = 0
        self._slowest_s = _WORTH_A_LINE_S
        self._settled_mb = 0.0

    def __call__(self, data: bytes) -> None:
        """Give one input.

        Raises:
            TooSlow: it took more of the processor than it may.
            MemoryGrows: memory has grown by 50 MB since the first inputs.
        """
        began = time.process_time()
        self._one_input(data)
        took = time.process_time() - began
        self._inputs += 1
        if self._inputs > 1:  # the first one imports and compiles
            self._check_time(took, len(data))
        if self._inputs % _CHECKED_EVERY == 0 or self._inputs == 1:
            self._check_memory()

    def _check_time(self, took_s: float, octets: int) -> None:
        if took_s > self._most_s:
            raise TooSlow(f"{octets} octets took {took_s:.1f} s of the processor, and may take {self._most_s:g}")
        if took_s > self._slowest_s:
            self._slowest_s = took_s
            print(slowest_line(took_s, octets), file=sys.stderr)

    def _check_memory(self) -> None:
        gc.collect()  # what is in cycles may wait for long, and would look like growth
        most_mb = most_resident_mb()
        if self._inputs <= SETTLED_AFTER:
            self._settled_mb = most_mb
        elif most_mb > self._settled_mb + MOST_GROWTH_MB:
            raise MemoryGrows(f"{most_mb:.0f} MB after {self._inputs} inputs; it was {self._settled_mb:.0f} MB")
        print(memory_line(self._inputs, most_mb), file=sys.stderr)


def most_resident_mb() -> float:
    """Return how much memory this process has had at most; `getrusage` would count what its parent had, too."""
    found = _MOST_RESIDENT.search(Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    target = target_named(sys.argv[1])
    logging.getLogger().addHandler(logging.NullHandler())  # or the parsers' warnings make most of the output
    with atheris.instrument_imports(include=list(_INSTRUMENTED)):
        one_input = target.load()
    again = (
        f"{shlex.quote(sys.executable)} -m tests.fuzz.fuzz_one {target.name}"  # what a merge starts, through a shell
    )
    atheris.Setup([again, *sys.argv[2:]], Watched(one_input, target.slowest_s()))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
