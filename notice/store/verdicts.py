"""Verdicts in the database: written once, read for "why no mail?", and forgotten when they are old."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from credentials.site.history import arrived_at
from mail.outbox import Delivery, Outbox
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller, Reason
from notice.journal.lines import Service
from notice.rules import Why
from notice.store.schema import calls, mails
from storage.database import insert_into

KEPT: Final = timedelta(days=30)
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_ID_LENGTH: Final = 15
"""15 of 20 letters: 64 bits. No digits, because logs mask what may be a password."""
_FORGOTTEN_AT_ONCE: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Told:
    """A mail about a call. Its repr shows no address.

    Attributes:
        address: where it went.
        delivery: what became of it; None if that was forgotten.
    """

    address: str = field(repr=False)
    delivery: Delivery | None


@dataclass(frozen=True, kw_only=True)
class CallLine:
    """A call, and what came of it: one line of "why no mail?".

    Attributes:
        call_id: its id, as `ivr notice why` takes it.
        verdict: the verdict on it.
        why: whether it was mailed, or why not.
        judged_at: when that was decided.
        mails: the mails.
    """

    call_id: str
    verdict: Verdict
    why: Why
    judged_at: datetime
    mails: Sequence[Told] = ()


def call_id_of(call: str, number: str) -> str:
    """Return the id of the verdict on a call: always the same for the same call (LINKEDID) and called number."""
    value = int.from_bytes(hashlib.sha256(f"{call}\0{number}".encode()).digest()[:8])
    letters = []
    for _ in range(_ID_LENGTH):
        value, place = divmod(value, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def add(connection: Connection, verdict: Verdict, why: Why, *, now: datetime, mail_at: datetime | None) -> str | None:
    """Write a verdict, unless its call has one. Two processes may try at once: one of them writes it.

    Args:
        connection: a transaction of `Database.writing`.
        verdict: the verdict.
        why: what comes of it.
        now: the present moment.
        mail_at: with `Why.WAITS`, when the mail is written.

    Returns:
        The verdict's id; None if the call has one already.
    """
    row = {
        "call_id": call_id_of(verdict.call, verdict.number),
        "linked_id": verdict.call,
        "number": verdict.number,
        "caller": verdict.caller.number,
        "reason": verdict.caller.reason and verdict.caller.reason.value,
        "began_at": verdict.began_at,
        "ringing_ms": verdict.ringing_ms,
        "result": verdict.result.value,
        "service": verdict.service and verdict.service.value,
        "why": why.value,
        "judged_at": now,
        "mail_at": mail_at,
    }
    adding = insert_into(connection, calls).values(row).on_conflict_do_nothing(index_elements=["call_id"])
    written: str | None = connection.scalar(adding.returning(calls.c.call_id))
    return written


def note_mail(connection: Connection, call_ids: Sequence[str], number: str, address: str, letter_id: str) -> None:
    """Note which letter tells of calls."""
    rows = [
        {"call_id": call_id, "address": address, "number": number, "letter_id": letter_id, "counted": False}
        for call_id in call_ids
    ]
    connection.execute(insert(mails), rows)


def verdict_of(row: Row[Any]) -> Verdict:
    """Return the verdict of a row of `calls`."""
    return Verdict(
        call=row.linked_id,
        number=row.number,
        caller=Caller(row.caller, None if row.reason is None else Reason(row.reason)),
        began_at=row.began_at,
        ringing_ms=row.ringing_ms,
        result=Result(row.result),
        service=None if row.service is None else Service(row.service),
    )


def find(connection: Connection, outbox: Outbox, call_id: str) -> CallLine | None:
    """Return what came of a call; None if it is not known, or forgotten."""
    row = connection.execute(select(calls).where(calls.c.call_id == call_id)).one_or_none()
    return None if row is None else _line(connection, outbox, row)


def of_number(
    connection: Connection, outbox: Outbox, number: str, *, now: datetime, after: str = "", most: int = 50
) -> list[CallLine]:
    """Return what came of a number's calls that began since its present holder got it, the newest first.

    Args:
        connection: a transaction.
        outbox: knows what became of mails.
        number: the called number.
        now: the present moment.
        after: the id of a call of this number: only of those that stand after it in this order.
        most: how many at most.
    """
    asked = select(calls).where(calls.c.number == number)
    if (since := arrived_at(connection, number, now)) is not None:
        asked = asked.where(calls.c.began_at >= since)
    if after:
        began_at = select(calls.c.began_at).where(calls.c.call_id == after, calls.c.number == number).scalar_subquery()
        later = (calls.c.began_at == began_at) & (calls.c.call_id > after)
        asked = asked.where((calls.c.began_at < began_at) | later)
    rows = connection.execute(asked.order_by(calls.c.began_at.desc(), calls.c.call_id).limit(most)).all()
    return [_line(connection, outbox, row) for row in rows]


def is_of_earlier_holder(connection: Connection, number: str, began_at: datetime, now: datetime) -> bool:
    """Whether a call to a number began before its present holder got it.

    The reader may be behind, or read again what it has read: then a call comes to the store after the number moved.
    """
    since = arrived_at(connection, number, now)
    return since is not None and began_at < since


def forget(connection: Connection, now: datetime) -> int:
    """Remove verdicts that are older than 30 days, some at a time; return how many."""
    old = select(calls.c.call_id).where(calls.c.judged_at < now - KEPT)
    # In their order, or PostgreSQL, which expects one soon, reads all that are not old.
    some = connection.scalars(old.order_by(calls.c.judged_at).limit(_FORGOTTEN_AT_ONCE)).all()
    if not some:  # for an empty list, too, it would read all
        return 0
    return connection.execute(delete(calls).where(calls.c.call_id.in_(some))).rowcount


def _line(connection: Connection, outbox: Outbox, row: Row[Any]) -> CallLine:
    theirs = select(mails).where(mails.c.call_id == row.call_id).order_by(mails.c.address)
    told = [
        Told(address=each.address, delivery=outbox.find(connection, each.letter_id))
        for each in connection.execute(theirs).all()
    ]
    return CallLine(
        call_id=row.call_id, verdict=verdict_of(row), why=Why(row.why), judged_at=row.judged_at, mails=tuple(told)
    )
