"""Finds calls and paused addresses for operators, inside the caller's transaction.

A carrier has millions of calls in 30 days, so each question is one that an index answers: numbers in full, and a page
that starts where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from mail.outbox import find_deliveries
from notice.rules import Why
from notice.store.schema import addresses, calls, mails
from notice.store.verdicts import CallLine, Told, verdict_of

_NUMBERS: Final = (calls.c.number, calls.c.caller)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """Selects calls: every condition that is given must hold.

    Attributes:
        number: the called or the calling number, in full; "" for any. Whether one of another country starts with `+`
            makes no difference.
        since, until: the calls began to ring at or after the first moment, and before the second.
        after: the id of a call: only those that stand after it. One that is forgotten does not count.
        most: how many at most.
    """

    number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""
    most: int = 50


@dataclass(frozen=True, kw_only=True)
class PausedAddress:
    """An address that gets no notices because too many in a row were refused. Its repr does not show it.

    Attributes:
        number: whose notices went to it.
        address: the address.
        paused_at: since when it is paused.
    """

    number: str
    address: str = field(repr=False)
    paused_at: datetime


def find_calls(connection: Connection, query: CallQuery) -> list[CallLine]:
    """Return the calls of a query with what came of each, the latest first."""
    conditions = _conditions(connection, query)
    # A question for each column: one with OR would read all calls of 30 days.
    forms = {query.number, query.number.lstrip("+"), f"+{query.number.lstrip('+')}"}
    of_number = [[column.in_(forms)] for column in _NUMBERS] if query.number else [[]]
    found: dict[str, Row[Any]] = {}
    for condition in of_number:
        asked = select(calls).where(*conditions, *condition)
        rows = connection.execute(asked.order_by(calls.c.began_at.desc(), calls.c.call_id).limit(query.most)).all()
        found |= {row.call_id: row for row in rows}
    latest = sorted(found.values(), key=lambda row: (-row.began_at.timestamp(), row.call_id))[: query.most]
    return _with_mails(connection, latest)


def find_paused(connection: Connection, number: str = "", *, most: int = 20) -> tuple[int, list[PausedAddress]]:
    """Return how many addresses are paused, and those that were paused last.

    Args:
        connection: a transaction.
        number: only those of this number; "" for any.
        most: how many to return at most.
    """
    paused = [addresses.c.paused_at.is_not(None), *([addresses.c.number == number] if number else [])]
    count = connection.scalar(select(func.count()).select_from(addresses).where(*paused)) or 0
    rows = connection.execute(
        select(addresses.c.number, addresses.c.address, addresses.c.paused_at)
        .where(*paused)
        .order_by(addresses.c.paused_at.desc(), addresses.c.number, addresses.c.place)
        .limit(most)
    )
    return count, [PausedAddress(**row._asdict()) for row in rows]


def _conditions(connection: Connection, query: CallQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since is not None:
        conditions.append(calls.c.began_at >= query.since)
    if query.until is not None:
        conditions.append(calls.c.began_at < query.until)
    began_at = query.after and connection.scalar(select(calls.c.began_at).where(calls.c.call_id == query.after))
    if began_at:
        conditions.append(calls.c.began_at <= began_at)
        conditions.append((calls.c.began_at < began_at) | (calls.c.call_id > query.after))
    return conditions


def _with_mails(connection: Connection, rows: Sequence[Row[Any]]) -> list[CallLine]:
    """Add their mails to calls: two questions, however many calls there are."""
    ids = [row.call_id for row in rows]
    of_calls = connection.execute(
        select(mails.c.call_id, mails.c.address, mails.c.letter_id)
        .where(mails.c.call_id.in_(ids))
        .order_by(mails.c.address)
    ).all()
    known = find_deliveries(connection, {mail.letter_id for mail in of_calls})
    told: dict[str, list[Told]] = {}
    for mail in of_calls:
        told.setdefault(mail.call_id, []).append(Told(address=mail.address, delivery=known.get(mail.letter_id)))
    return [
        CallLine(
            call_id=row.call_id,
            verdict=verdict_of(row),
            why=Why(row.why),
            judged_at=row.judged_at,
            mails=tuple(told.get(row.call_id, ())),
        )
        for row in rows
    ]
