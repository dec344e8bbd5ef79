"""The questions of a reader of calls, as the database takes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select

from ivr.records.model import Fate
from ivr.records.schema import call_entries, calls

_NUMBERS: Final = (calls.c.caller, calls.c.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Selects calls: every condition that is given must hold.

    Attributes:
        number: digits that the caller or the target number contains.
        outcome: one of `OUTCOMES`.
        trunks: the endpoints through which the calls came; None for all.
        since, until: the calls started at or after the first moment, and before the second.
        limit: how many calls at most, the latest; None for all.
    """

    number: str | None = None
    outcome: str | None = None
    trunks: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = 100


def latest_first(query: Query) -> Select[Any]:
    """Select the calls of a query, the latest first."""
    ordered = select(calls).where(*_conditions(query)).order_by(calls.c.began_at.desc(), calls.c.call_id)
    return ordered.limit(query.limit)


def groups(query: Query) -> Select[Any]:
    """Count the calls of a query that are alike in all that a tally tells apart. The query's limit does not count."""
    # A literal 0: with bound values a database would take the selected and the grouped expression for two.
    all_well = ((calls.c.wrong_entries + calls.c.silences) == literal_column("0")).label("all_well")
    kinds = (calls.c.trunk, calls.c.outcome, calls.c.reason, calls.c.step, all_well)
    sums = (
        func.count().label("number"),
        func.sum(calls.c["keys"]).label("keys_heard"),
        func.sum(calls.c.missed).label("keys_missed"),
    )
    return select(*kinds, *sums).where(*_conditions(query)).group_by(*kinds).order_by(*kinds[:-1])


def newest_keys(query: Query, limit: int) -> Select[Any]:
    """Select the keys and near misses of a query's calls, at most `limit` of them, from the latest calls."""
    of_calls = select(call_entries.c.kind, call_entries.c.body).join_from(call_entries, calls)
    keys = of_calls.where(*_conditions(query), call_entries.c.kind.in_(("key", "missed")))
    return keys.order_by(calls.c.began_at.desc()).limit(limit)


def last_of_each_kind(call_ids: Sequence[str]) -> Select[Any]:
    """Select the last entry of each kind in each of these calls."""
    latest = (
        select(call_entries.c.call_id, func.max(call_entries.c.position).label("position"))
        .where(call_entries.c.call_id.in_(call_ids))
        .group_by(call_entries.c.call_id, call_entries.c.kind)
        .subquery()
    )
    same = (call_entries.c.call_id == latest.c.call_id) & (call_entries.c.position == latest.c.position)
    return select(call_entries).join(latest, same)


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.number:
        conditions.append(or_(*(column.contains(query.number, autoescape=True) for column in _NUMBERS)))
    if query.outcome:
        conditions.append(_outcome_is(query.outcome))
    if query.trunks is not None:
        conditions.append(calls.c.trunk.in_(query.trunks))
    if query.since:
        conditions.append(calls.c.began_at >= query.since)
    if query.until:
        conditions.append(calls.c.began_at < query.until)
    return conditions


def _outcome_is(outcome: str) -> ColumnElement[bool]:
    return calls.c.outcome.is_(None) if outcome == Fate.IN_PROGRESS else calls.c.outcome == outcome
