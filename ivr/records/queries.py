"""The questions of a reader of calls, as the database takes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select, union

from ivr.records.model import Fate
from ivr.records.schema import call_entries, calls
from storage.clock import days

LOOKED_THROUGH: Final = 100_000
"""In how many calls a part of a number is looked for: about 0.1 s."""
CALLS_OF_KEYS: Final = 2_000
"""Of how many calls keys are read at most. (A call that sets a password has about 20.)"""
_NUMBERS: Final = (calls.c.caller, calls.c.target)
_IN_FULL: Final = re.compile(r"0[0-9]{9,10}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Selects calls: every condition that is given must hold.

    Attributes:
        number: the caller or the target number; or a part of it, which is looked for in the latest `LOOKED_THROUGH`
            calls that meet the other conditions, because no index finds it.
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
    chosen = select(calls).where(*_conditions(query))
    if query.number and _IN_FULL.fullmatch(query.number):
        chosen = select(calls).where(calls.c.call_id.in_(_of_number(query, query.number)))
    elif query.number:
        looked_through = _ordered(chosen).limit(LOOKED_THROUGH).subquery()
        contains = (looked_through.c[column.name].contains(query.number, autoescape=True) for column in _NUMBERS)
        within = select(looked_through).where(or_(*contains))
        return within.order_by(looked_through.c.began_at.desc(), looked_through.c.call_id).limit(query.limit)
    return _ordered(chosen).limit(query.limit)


def _of_number(query: Query, number: str) -> Select[Any]:
    """Select the ids of the calls of a number: those by it and those for it, each by an index, the latest first."""
    by_and_for = [
        _ordered(select(calls.c.call_id).where(column == number, *_conditions(query))).limit(query.limit).subquery()
        for column in _NUMBERS
    ]
    return select(union(*(select(each.c.call_id) for each in by_and_for)).subquery().c.call_id)


def _ordered(chosen: Select[Any]) -> Select[Any]:
    return chosen.order_by(calls.c.began_at.desc(), calls.c.call_id)


def all_trunks() -> Select[Any]:
    """Select the names of all trunks in their order: from one to the next by the index, past however many calls."""
    first = select(func.min(calls.c.trunk).label("trunk")).cte("trunks", recursive=True)
    following = select(func.min(calls.c.trunk)).where(calls.c.trunk > first.c.trunk).scalar_subquery()
    trunks = first.union_all(select(following).where(first.c.trunk.is_not(None)))
    return select(trunks.c.trunk).where(trunks.c.trunk.is_not(None))


def ids_from(beginning: str) -> Select[Any]:
    """Select the ids of calls that begin so.

    Ids are hexadecimal: in whatever order the database has letters, none comes after the beginning with `z` behind it.
    """
    is_near = calls.c.call_id.between(beginning, beginning + "z" * 12)
    return select(calls.c.call_id).where(is_near, calls.c.call_id.startswith(beginning, autoescape=True))


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
    return select(*kinds, *sums).where(*_conditions(query), *_containing(query)).group_by(*kinds).order_by(*kinds[:-1])


def day_by_day(query: Query, first: datetime, now: datetime) -> list[Query]:
    """Cut a query that counts into queries of a day each, so that no statement counts for longer than it may.

    Args:
        query: the query.
        first: when its first call started, or earlier.
        now: the present moment. Calls that a wrong clock put after it belong to the last piece.
    """
    end = now if query.until is None else min(query.until, now)
    cut = [replace(query, since=begin, until=until) for begin, until in days(first, end)]
    return [*cut[:-1], replace(cut[-1], until=query.until)] if cut else [query]


def newest_keys(query: Query, limit: int) -> Select[Any]:
    """Select the keys and near misses of a query's calls, at most `limit` of them, from the latest calls."""
    latest = (
        select(calls.c.call_id, calls.c.began_at)
        .where(*_conditions(query), *_containing(query))
        .order_by(calls.c.began_at.desc())
        .limit(CALLS_OF_KEYS)
        .subquery()
    )
    of_calls = select(call_entries.c.kind, call_entries.c.body).join_from(
        latest, call_entries, latest.c.call_id == call_entries.c.call_id
    )
    return of_calls.where(call_entries.c.kind.in_(("key", "missed"))).order_by(latest.c.began_at.desc()).limit(limit)


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
    """Return all conditions but the number."""
    conditions: list[ColumnElement[bool]] = []
    if query.outcome:
        conditions.append(_outcome_is(query.outcome))
    if query.trunks is not None:
        conditions.append(calls.c.trunk.in_(query.trunks))
    if query.since:
        conditions.append(calls.c.began_at >= query.since)
    if query.until:
        conditions.append(calls.c.began_at < query.until)
    return conditions


def _containing(query: Query) -> list[ColumnElement[bool]]:
    """Return the condition of the number, for what reads all calls anyway."""
    if not query.number:
        return []
    return [or_(*(column.contains(query.number, autoescape=True) for column in _NUMBERS))]


def _outcome_is(outcome: str) -> ColumnElement[bool]:
    return calls.c.outcome.is_(None) if outcome == Fate.IN_PROGRESS else calls.c.outcome == outcome
