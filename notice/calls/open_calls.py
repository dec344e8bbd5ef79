"""The calls that are going on: takes the journal's lines one by one, and gives each call's verdict when it is known.

Nothing of this is stored. A restart reads the journal again from the line with which the oldest open call started; who
keeps the verdicts knows by their keys which of them it has already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notice.calls.judging import Story, Verdict
from notice.journal.lines import OPENING, Line
from notice.journal.place import Place

LONGEST_OPEN: Final = timedelta(minutes=30)
"""How long after its start a call without an end is judged: no phone rings for so long, so its end was not written."""
_ID: Final = re.compile(r"(?:.*-)?([0-9]+)\.([0-9]+)")

Key = tuple[str, str]
"""The id of a call (LINKEDID) and the number that was called."""


@dataclass
class _Open:
    place: Place
    second: int
    started_at: datetime
    story: Story


class OpenCalls:
    """The calls that have started and have no verdict yet."""

    def __init__(self) -> None:
        self._calls: dict[Key, _Open] = {}
        """In the order in which they started."""
        self._due: dict[Key, datetime] = {}
        """When the verdict on a call counts that is over as far as is known."""
        self._newest = (0, 0)
        """Of the channels seen, the one that Asterisk has counted last: its second and its count."""

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def oldest(self) -> Place | None:
        """Where the line stands with which the oldest open call started; None if no call is open."""
        return next((call.place for call in self._calls.values()), None)

    def take(self, line: Line, place: Place) -> Iterator[Verdict]:
        """Take a line, and yield the verdicts that are known now.

        Args:
            line: the line.
            place: where it starts in the journal.
        """
        yield from self._past_due(line.at)
        key = (line.call, line.number)
        second, count = _counter(line.channel)
        is_new = line.step in OPENING and key not in self._calls
        if count > self._newest[1]:
            self._newest = (second, count)
        elif is_new and second > self._newest[0] + 1:
            self._newest = (second, count)
            yield from self._ended_by_a_restart(second)
        if is_new:
            self._calls[key] = _Open(place, second, line.at, Story(line))
        if key not in self._calls:
            return  # its verdict is known, or its start is older than the journal
        judgement = self._calls[key].story.take(line)
        self._due.pop(key, None)
        if judgement.is_final:
            yield from self._end([key])
        elif judgement.from_then_on is not None:
            self._due[key] = judgement.from_then_on

    def pass_time(self, now: datetime) -> Iterator[Verdict]:
        """Yield the verdicts that are known because nothing more was written until now: all of the journal was read.

        Args:
            now: the present moment.
        """
        yield from self._past_due(now)
        stale = [key for key, call in self._calls.items() if call.started_at < now - LONGEST_OPEN]
        yield from self._end(stale)

    def _past_due(self, now: datetime) -> Iterator[Verdict]:
        yield from self._end([key for key, due in self._due.items() if due <= now])

    def _ended_by_a_restart(self, second: int) -> Iterator[Verdict]:
        """Give up the calls of an Asterisk that is not there any more.

        The id of a channel ends with the second of its start and a count of all channels since Asterisk's own start. So
        a new call of a later second without a higher count is of an Asterisk that has been started again. (The next
        second alone says nothing: two channels that start at once may take second and count in another order. Neither
        do steps of calls that are known: the clock may have been set back since they started.)

        Args:
            second: the second of its first call.
        """
        yield from self._end([key for key, call in self._calls.items() if call.second + 1 < second])

    def _end(self, keys: list[Key]) -> Iterator[Verdict]:
        for key in keys:
            self._due.pop(key, None)
            yield self._calls.pop(key).story.given_up()


def _counter(channel: str) -> tuple[int, int]:
    found = _ID.fullmatch(channel)
    return (int(found[1]), int(found[2])) if found else (0, 0)
