"""Measures receivers on the recordings of the conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dsp.conformance.conditions import Condition, Must
from dsp.conformance.corpus import Recording, record
from dsp.conformance.receivers import MeasuredReceiver


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one receiver on one recording.

    Attributes:
        receiver: its name.
        condition: the recording's condition.
        seed: the recording's seed.
        expected: the keys that must be heard.
        heard: the keys that were heard.
        wrong: keys not heard, doubled, taken for others or heard where there are none: the least number of changes that
            turn what was heard into what was sent.
    """

    receiver: str
    condition: Condition
    seed: int
    expected: str
    heard: str
    wrong: int

    @property
    def passed(self) -> bool:
        """Whether every key was heard once, and nothing else."""
        return self.wrong == 0


def run(
    receivers: Sequence[MeasuredReceiver],
    conditions: Iterable[Condition],
    seeds: Sequence[int],
    *,
    keys: int = 64,
    progress: Callable[[], None] = lambda: None,
    keep: Callable[[Recording, int], None] = lambda _recording, _seed: None,
) -> list[Result]:
    """Measure all receivers on the same recordings.

    Args:
        receivers: the receivers to measure.
        conditions: the conditions to record.
        seeds: one recording is made of each condition with each of these.
        keys: keys in a recording.
        progress: called after each recording.
        keep: called with each recording and its seed.
    """
    results = []
    for condition in conditions:
        for seed in seeds:
            recording = record(condition, seed=seed, keys=keys)
            keep(recording, seed)
            for receiver in receivers:
                heard = receiver.decode(recording.samples)
                wrong = distance(recording.expected, heard)
                results.append(Result(receiver.name, condition, seed, recording.expected, heard, wrong))
            progress()
    return results


def shortfalls(results: Sequence[Result], receiver: str) -> list[Condition]:
    """Return the conditions in which a receiver did not achieve what it must.

    If it must be no worse than others, it is compared with the best of those that were measured beside it.
    """
    wrong: dict[Condition, dict[str, int]] = {}
    for result in results:
        counts = wrong.setdefault(result.condition, {})
        counts[result.receiver] = counts.get(result.receiver, 0) + result.wrong
    short = []
    for condition, counts in wrong.items():
        others = [count for name, count in counts.items() if name != receiver]
        allowed = 0 if condition.must is Must.ALL else min(others, default=counts[receiver])
        if counts[receiver] > allowed:
            short.append(condition)
    return short


def distance(sent: str, heard: str) -> int:
    """Return the least number of keys to insert, drop or change (V. Levenshtein, 1966)."""
    row = list(range(len(heard) + 1))
    for number, key in enumerate(sent, start=1):
        diagonal, row[0] = row[0], number
        for place, other in enumerate(heard, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (key != other))
    return row[-1]
