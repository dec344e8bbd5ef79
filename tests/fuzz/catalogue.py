"""The targets, and where their inputs are kept.

A target is a module under `targets` with a function `one_input(data: bytes) -> None`. It gives the octets to a parser
of the product and checks what must hold of any input; an exception is a finding, unless the target expects it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.repository import ROOT

HERE: Final = Path(__file__).parent
KEPT: Final = HERE / "corpora"
"""The inputs that stand in the repository: `make test` replays them."""
WORK: Final = ROOT / ".fuzz"
"""What runs find on this machine, so that the next one starts where the last one ended: inputs, findings, output."""
LONGEST: Final = 4096
"""How long an input is at most, in octets, unless the target says otherwise."""
SLOWEST_S: Final = 0.25
"""How many seconds of processor an input may take: the longest ones have some kilobytes, and calls wait meanwhile."""
NO_ATHERIS: Final = (
    "atheris is not installed, so nothing can be fuzzed: run `make setup` on Linux on x86-64 with Python 3.11 to 3.13,"
    " which it is made for"
)

OneInput = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """One parser to be fuzzed.

    Attributes:
        name: where its module stands, as in `telephony/audiosocket`.
    """

    name: str

    @property
    def kept(self) -> Path:
        """The directory of its inputs in the repository."""
        return KEPT / self.name

    @property
    def found(self) -> Path:
        """The directory of inputs that runs on this machine have added."""
        return WORK / "corpora" / self.name

    @property
    def findings(self) -> Path:
        """The directory of inputs that made it fail on this machine."""
        return WORK / "findings" / self.name

    def kept_inputs(self) -> list[Path]:
        """Return its inputs in the repository."""
        return sorted(path for path in self.kept.glob("*") if path.is_file())

    def load(self) -> OneInput:
        """Import the parser and return what takes one input."""
        function: OneInput = self._module().one_input
        return function

    def longest(self) -> int:
        """Return how long an input is at most, in octets."""
        return int(getattr(self._module(), "LONGEST", LONGEST))

    def slowest_s(self) -> float:
        """Return how many seconds of the processor an input may take."""
        return float(getattr(self._module(), "SLOWEST_S", SLOWEST_S))

    def _module(self) -> ModuleType:
        return importlib.import_module(f"tests.fuzz.targets.{self.name.replace('/', '.')}")


def all_targets() -> list[Target]:
    """Return all targets by name."""
    folder = HERE / "targets"
    return [Target(str(path.relative_to(folder).with_suffix(""))) for path in sorted(folder.rglob("*.py"))]


def targets_named(names: Sequence[str]) -> list[Target]:
    """Return the targets of these names, or all if there are no names.

    Raises:
        LookupError: there is none of one of the names.
    """
    return [target_named(name) for name in names] or all_targets()


def target_named(name: str) -> Target:
    """Return a target.

    Raises:
        LookupError: there is none of that name; the message says which there are.
    """
    targets = {target.name: target for target in all_targets()}
    if name not in targets:
        raise LookupError(f"there is no target {name!r}: name one of {', '.join(targets)}")
    return targets[name]
