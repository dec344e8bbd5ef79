"""Finds out how many calls this host carries: more and more callers call, until the service turns new calls away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivr.lab.load.calling import LoadProgress, house_for, let_call
from ivr.lab.load.metrics_page import read_strain
from ivr.lab.load.result import Load

_NOTICED_S: Final = 2
"""How much later than the host itself the service notices that it is strained: its signs are averages over a second,
waits of 1.5 s, or looked at once a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How many calls a host carries.

    Attributes:
        calls: how many it carried before it gave way, or all that there were.
        gave_way: the sign by which it gave way (`ivr.records.vitals.STRAINS`); None if it did not.
        interrupted: whether it was ended before that could be seen.
    """

    calls: int
    gave_way: str | None
    interrupted: bool = False


def find_capacity(
    most: int,
    seconds: float,
    *,
    seed: int,
    stage: Callable[[str], None],
    show: Callable[[LoadProgress], None],
    wait: Callable[[float], bool],
    database_url: str = "",
) -> Capacity:
    """Let callers call, one after the other, until the host gives way or all of them call.

    Args:
        most: how many callers there are.
        seconds: the time in which all of them begin to call.
        seed: draws what each caller does.
        stage: called with what is done next, in a few words.
        show: called once a second while there are calls.
        wait: waits for so many seconds, and says whether to end early.
        database_url: the URL of the service's store; by default a file of its own.

    Raises:
        As `house_for` and `let_call`.
    """
    load = Load(calls=most, minutes=seconds / 60, seed=seed)
    stage("starting Asterisk and the service")
    with house_for(load, database_url) as house, house:
        rising = _Rising(lambda: read_strain(house.ports["health_port"]), show=show, wait=wait)
        let_call(house, load, show=rising.show, wait=rising.wait, ramp_s=seconds)
        stage("stopping")
    return rising.capacity


class _Rising:
    """Watches a rising number of calls, and ends them when the host gives way, or soon after all callers call."""

    def __init__(
        self,
        strain: Callable[[], str | None],
        *,
        show: Callable[[LoadProgress], None],
        wait: Callable[[float], bool],
    ) -> None:
        self._strain = strain
        self._show = show
        self._wait = wait
        self._talking: list[int] = []
        self._sign: str | None = None
        self._interrupted = False
        self._all_call = False

    def wait(self, seconds: float) -> bool:
        """Wait; returns whether enough was seen."""
        if self._wait(seconds):
            self._interrupted = True
            return True
        self._sign = self._strain()
        return self._sign is not None or self._all_call

    def show(self, now: LoadProgress) -> None:
        """Note how many calls there are while the host carries them."""
        if self._sign is None and not self._interrupted:
            self._talking.append(now.talking)
        self._all_call = now.seconds >= now.of_seconds + _NOTICED_S
        self._show(now)

    @property
    def capacity(self) -> Capacity:
        """What was found."""
        carried = self._talking if self._sign is None else self._talking[:-_NOTICED_S]
        return Capacity(calls=max(carried, default=0), gave_way=self._sign, interrupted=self._interrupted)
