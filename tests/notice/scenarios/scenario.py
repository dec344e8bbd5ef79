"""A call as a file: who calls, what phone and exchange do, and the verdict that there must be.

A scenario is run twice: live, on a real Asterisk with real callers and phones (tests/live/notice), and against the
journal that such a run has left in `recorded/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml

HERE: Final = Path(__file__).parent
CALLER: Final = "0459876543"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The verdict that there must be.

    Attributes:
        result: what became of the call.
        ringing_s: seconds of ringing; live they may be off by one.
        reason: why there is no caller number; "" if there is one.
        why: what comes of the call, if its number wants all notices.
    """

    result: str
    ringing_s: int
    reason: str = ""
    why: str = "mailed"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A call.

    Attributes:
        name: the file's name.
        about: what happens, in a sentence.
        number: the number that is called.
        phone: what its phone does (`ringing_phone.Behaviour`); None: it has none.
        exchange: what the exchange does.
        caller: who calls (`Caller`), and for how long; or the `octets` of the header From, as the characters of
            Latin-1, of a caller whom the exchange does not connect.
        expect: the verdict.
    """

    name: str
    about: str
    number: str
    phone: dict[str, Any] | None = None
    exchange: dict[str, Any] = field(default_factory=dict)
    caller: dict[str, Any] = field(default_factory=dict)
    expect: Expected

    @classmethod
    def load(cls, path: Path) -> Self:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(name=path.stem, **values | {"expect": Expected(**values["expect"])})

    @property
    def recorded(self) -> Path:
        return HERE / "recorded" / f"{self.name}.jsonl"

    @property
    def caller_number(self) -> str:
        return "" if self.expect.reason else CALLER


def all_scenarios() -> list[Scenario]:
    return [Scenario.load(path) for path in sorted((HERE / "files").glob("*.yaml"))]
