"""Calls counted one by one, as a person would: what the database's counting is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ivr.records import CallSummary, Report, Tally


def count_one_by_one(calls: Iterable[CallSummary]) -> Report:
    by_trunk: dict[str, list[CallSummary]] = {}
    for call in calls:
        by_trunk.setdefault(call.began.trunk, []).append(call)
    return Report({trunk: _tally(of_trunk) for trunk, of_trunk in sorted(by_trunk.items())})


def _tally(calls: list[CallSummary]) -> Tally:
    admitted = [call for call in calls if call.outcome not in ("in_progress", "refused")]
    return Tally(
        calls=len(calls),
        admitted=len(admitted),
        set_=sum(call.outcome == "set" for call in admitted),
        first_try=sum(call.first_try for call in admitted),
        outcomes=Counter((call.outcome, call.reason) for call in calls),
        failed_at=Counter(call.step for call in admitted if call.outcome != "set"),
        keys=sum(call.keys for call in calls),
        missed=sum(call.missed for call in calls),
    )
