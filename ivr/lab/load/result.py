"""The figures of a load."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from ivr.lab.load.crowd.loop import Lateness
from ivr.lab.load.judge import Fate, JudgedCall
from ivr.lab.load.metrics_page import Ticks
from ivr.lab.load.processes import PartUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load.

    Attributes:
        calls: how many callers there are at once.
        minutes: for how long new calls start.
        seed: draws what each caller does.
        direct: whether they call the service without an Asterisk.
    """

    calls: int
    minutes: float
    seed: int
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Times of many calls, in seconds.

    Attributes:
        count: how many there are.
        median_s: the one in the middle.
        p99_s: the one that 99 of 100 do not exceed.
        most_s: the longest.
    """

    count: int
    median_s: float
    p99_s: float
    most_s: float

    @classmethod
    def of(cls, times_s: Iterable[float]) -> Self | None:
        """Sum times up; None if there are none."""
        rising = sorted(times_s)
        if not rising:
            return None
        return cls(count=len(rising), median_s=_rank(rising, 0.5), p99_s=_rank(rising, 0.99), most_s=rising[-1])


def _rank(rising: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of the values does not exceed (nearest rank)."""
    return rising[max(math.ceil(share * len(rising)), 1) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """How a load went.

    Attributes:
        load: what was asked for.
        ended_early: whether it was ended before its time.
        took_s: from the start of the callers to the end of the last call.
        fates: how many calls went how.
        clean: how many calls' keys were counted: those on lines that lose nothing, which the exchange ended.
        keys: how many keys these pressed.
        keys_missed, keys_extra: how many keys fewer, and more, were heard than pressed, call by call.
        first_guidance: from the exchange's answer to the first guidance.
        key_to_silence: from the start of a tone that stops guidance to the first silent packet.
        store_answer: from the start of the last key to the next guidance, without the silence that opens it.
        ticks: the ticks of the service's media clock; None if it did not report them.
        callers: how late the callers' own packets were.
        parts: what each process has used.
        complaints: what is wrong with single calls, a line for each.
    """

    load: Load
    ended_early: bool
    took_s: float
    fates: dict[Fate, int]
    clean: int
    keys: int
    keys_missed: int
    keys_extra: int
    first_guidance: Spread | None
    key_to_silence: Spread | None
    store_answer: Spread | None
    ticks: Ticks | None
    callers: Lateness
    parts: Sequence[PartUse]
    complaints: Sequence[str]

    @classmethod
    def of(
        cls,
        load: Load,
        calls: Sequence[JudgedCall],
        *,
        ended_early: bool,
        took_s: float,
        store_answers_s: Iterable[float],
        ticks: Ticks | None,
        callers: Lateness,
        parts: Sequence[PartUse],
    ) -> Self:
        """Sum up the calls of a load."""
        fates = Counter(call.fate for call in calls)
        off = [(call.notes.keys_pressed, call.keys_off) for call in calls]
        counted = [(keys, by) for keys, by in off if by is not None]
        return cls(
            load=load,
            ended_early=ended_early,
            took_s=took_s,
            fates={fate: fates[fate] for fate in Fate},
            clean=len(counted),
            keys=sum(keys for keys, _ in counted),
            keys_missed=sum(max(-by, 0) for _, by in counted),
            keys_extra=sum(max(by, 0) for _, by in counted),
            first_guidance=Spread.of(call.notes.answer_s for call in calls if call.notes.answer_s is not None),
            key_to_silence=Spread.of(seconds for call in calls for seconds in call.notes.silences_s),
            store_answer=Spread.of(store_answers_s),
            ticks=ticks,
            callers=callers,
            parts=parts,
            complaints=[call.complaint for call in calls if call.complaint is not None],
        )

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(self.fates.values())

    @property
    def passed(self) -> bool:
        """Whether there were calls, every intent equals the store, and all keys of clean lines were heard."""
        all_as_meant = all(fate.is_as_meant for fate, count in self.fates.items() if count)
        return bool(self.calls) and all_as_meant and not self.keys_missed and not self.keys_extra

    def as_json(self) -> dict[str, Any]:
        """Turn it into plain values, for JSON."""
        return asdict(self) | {"calls": self.calls, "passed": self.passed}
