"""A viewer of the live page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.console.visitor import Visitor

PATIENCE = 4
"""How often a stream may say that there is nothing new."""


class Watcher:
    """Follows the events of the live page."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, kind: str = "state") -> dict[str, Any]:
        """Return the next event of a kind."""
        name, silent = "", 0
        for line in self._lines:
            silent += line == ": still here"
            assert silent < PATIENCE, f"no {kind} comes"
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == kind:
                told: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return told
        raise AssertionError(f"the stream ended without {kind}")

    def ends(self) -> None:
        """Check that the stream ends."""
        assert [line for line in self._lines if line] == []

    def until(self, text: str) -> dict[str, Any]:
        """Return the first state that contains a text."""
        while text not in json.dumps(state := self.next(), ensure_ascii=False):
            pass
        return state


@contextmanager
def watching(visitor: Visitor) -> Iterator[Watcher]:
    with visitor.stream("GET", "/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Watcher(answer.iter_lines())
