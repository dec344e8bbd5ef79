"""Kills parts at random moments, and starts each of them again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping

from tests.live.notice.storm.stage import Part

_PAUSES_S = (0.3, 2.5)
_AWAY_S = (0.0, 2.0)


class Killer:
    """Kills one part after the other.

    Args:
        parts: the parts, by their names.
        chance: says which, and when.

    Attributes:
        kills: how often each was killed.
    """

    def __init__(self, parts: Mapping[str, Part], chance: random.Random) -> None:
        self._parts = parts
        self._chance = chance
        self.kills: Counter[str] = Counter()

    def strike(self) -> None:
        """Wait a while, kill a part, and start it again a while later."""
        time.sleep(self._chance.uniform(*_PAUSES_S))
        name = self._chance.choice(sorted(self._parts))
        self._parts[name].kill()
        self.kills[name] += 1
        time.sleep(self._chance.uniform(*_AWAY_S))
        self._parts[name].start()
