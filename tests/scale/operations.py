"""What the product does, operation by operation: in a call, for a page, for an operator, and by itself.

Each is done several times, with another turn each time; turns that change something take other numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from credentials.limits.origin import origin_of
from credentials.site.login_counts import count_logins, first_login
from credentials.store import _agree_on_keys
from ivr.records import CallBegan, Hangup, Query, RecordedEntry, Vitals
from ivr.records.changes import ChannelEnded, EntryNoted, Progress, ServiceBeat
from mail.letter import Letter, Purpose
from mail.outbox.deliveries import Reason
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.place import Place
from notice.store.search import CallQuery, find_calls, find_paused
from storage.clock import utc_now
from storage.programs.registry import read_programs
from tests.scale.filling import number
from tests.scale.product import PASSWORD, Product, an_office_file, days_ago


class Way(StrEnum):
    """Who waits for an operation."""

    CALL = "call"
    PAGE = "page"
    OPERATOR = "operator"
    UPKEEP = "upkeep"
    """Nobody, but it is done all the time."""
    WHOLE = "whole"
    """An operator, who asked for something about all that there is."""


@dataclass(frozen=True)
class Operation:
    """Something that the product does.

    Attributes:
        name: what, in a few words.
        way: who waits for it.
        act: does it.
    """

    name: str
    way: Way
    act: Callable[[Product, int], object]


def _set(product: Product, turn: int) -> None:
    whose = product.other(turn)
    unit = product.store.line_of(whose).unit
    if unit is not None:
        product.store.set_temporary_password(
            caller=whose, target=whose, unit=unit, password="73519264", call_id=f"scale{turn}"
        )


def _record(product: Product, turn: int) -> None:
    call_id, now = f"{turn:02d}scale{turn:05d}", datetime.now(UTC)
    began = CallBegan(
        call_id=call_id, channel_id="1", trunk="trunk-1", began_at=now, caller=number(turn), language="ja"
    )
    entries = [EntryNoted(call_id, RecordedEntry(place, 1.0, "said", {"text": "enter"})) for place in range(10)]
    progress = Progress(
        call_id=call_id,
        language="ja",
        unit="LINE",
        target=number(turn),
        step="done",
        wrong_entries=0,
        silences=0,
        keys=18,
        missed=0,
    )
    product.writer.write([began, *entries, progress, ChannelEnded(call_id, Hangup(cause=16, text="Normal"), None)])


def _letter(whose: str) -> Letter:
    return Letter(
        purpose=Purpose.CODE,
        to=f"{whose}@example.jp",
        subject="s",
        body="b",
        useful_until=datetime.now(UTC) + timedelta(hours=1),
        number=whose,
        client=origin_of("192.0.2.7"),
    )


def _mail(product: Product, turn: int) -> None:
    with product.database.writing() as connection:
        product.outbox.add(connection, _letter(product.other(turn)))


def _verdict(product: Product, turn: int) -> Verdict:
    return Verdict(
        call=f"scale.{turn}.{datetime.now(UTC).timestamp()}",
        number=number(product.size.office + 10 * turn),
        caller=Caller("09012345678", None),
        began_at=datetime.now(UTC),
        ringing_ms=8000,
        result=Result.NOT_ANSWERED,
    )


def _post(product: Product, turn: int) -> None:
    product.store.post("exchange", [_verdict(product, turn)], Place("journal", turn), product.outbox, product.mails)


def _lease(product: Product, _turn: int) -> None:
    _mail(product, _turn + 500)
    for letter in product.leases.take(20):
        product.leases.put_off(letter, timedelta(seconds=60), Reason.LATER, "")


def _taken(product: Product, turn: int) -> None:
    _mail(product, turn + 900)
    for letter in product.leases.take(5):
        product.leases.taken(letter)


def _code(product: Product, turn: int) -> None:
    """Log in with a password, and ask for a one-time password."""
    whose = product.proving
    started = product.store.start_session(whose, PASSWORD, origin=f"::{turn}")

    def write(connection: Connection, _new: object) -> None:
        product.outbox.add(connection, _letter(whose))

    product.store.send_code(started.session_id or "", write)


def _notices(product: Product, query: CallQuery) -> None:
    with product.database.reading() as connection:
        find_calls(connection, query)


def _paused(product: Product) -> None:
    with product.database.reading() as connection:
        find_paused(connection)


def _in_outbox(product: Product, ask: str) -> None:
    with product.database.reading() as connection:
        if ask == "backlog":
            product.outbox.backlog(connection)
        else:
            product.outbox.deliveries(connection, number=product.other(1))


def _logins(product: Product, days: int) -> None:
    count_logins(product.database, [days_ago(days - day) for day in range(days + 1)])


def _store_notices(product: Product, _turn: int) -> None:
    whose, session = product.office
    product.store.store_notice_settings(session, whose, product.store.notice_settings(session, whose))


def _newest_call(product: Product) -> str:
    return product.reader.search(Query(limit=1, since=days_ago(1)))[0].call_id


def _lock(product: Product, turn: int) -> None:
    whose = product.other(turn)
    product.store.lock_line(whose, operator="scale")
    product.store.unlock_line(whose, operator="scale")


OPERATIONS: Final = (
    Operation("admit a caller", Way.CALL, lambda p, turn: p.store.admit(p.other(turn))),
    Operation("admit a caller of the largest line", Way.CALL, lambda p, turn: p.store.admit(number(turn + 1))),
    Operation("look whether it can be written", Way.CALL, lambda p, _: p.store.require_writable()),
    Operation("set a temporary password", Way.CALL, _set),
    Operation(
        "count a failed call", Way.CALL, lambda p, turn: p.store.note_failed_call(p.other(turn), call_id=f"f{turn}")
    ),
    Operation("write a call's record", Way.CALL, _record),
    Operation("log in", Way.PAGE, lambda p, _: p.store.start_session(number(p.size.office + 14 + 10), "Wrong4711x")),
    Operation(
        "log in and start a session", Way.PAGE, lambda p, _: p.store.start_session(p.proving, PASSWORD, origin="::1")
    ),
    Operation("enter a session", Way.PAGE, lambda p, _: p.store.session(p.alone[1])),
    Operation("enter the largest line's session", Way.PAGE, lambda p, _: p.store.session(p.office[1])),
    Operation("history", Way.PAGE, lambda p, _: p.store.history(p.alone[1])),
    Operation("history of the largest line", Way.PAGE, lambda p, _: p.store.history(p.office[1])),
    Operation("state of one-time password", Way.PAGE, lambda p, _: p.store.one_time_state(p.alone[1])),
    Operation("open an unknown link", Way.PAGE, lambda p, _: p.store.link_state("unknown")),
    Operation("notice settings", Way.PAGE, lambda p, _: p.store.notice_settings(p.alone[1], p.alone[0])),
    Operation("store notice settings", Way.PAGE, _store_notices),
    Operation("why no mail?", Way.PAGE, lambda p, _: p.store.notice_calls(p.alone[1], p.alone[0], p.outbox)),
    Operation("mails of addresses", Way.PAGE, lambda p, _: p.store.notice_deliveries(*p.office[::-1], p.outbox)),
    Operation("mail a one-time password", Way.PAGE, _code),
    Operation("latest calls", Way.OPERATOR, lambda p, _: p.reader.search(Query())),
    Operation("calls of a number", Way.OPERATOR, lambda p, turn: p.reader.search(Query(number=p.other(turn)))),
    Operation("calls of an unknown number", Way.OPERATOR, lambda p, _: p.reader.search(Query(number="0999999999"))),
    Operation("calls of part of a number", Way.OPERATOR, lambda p, _: p.reader.search(Query(number="0000"))),
    Operation("calls of an unknown part", Way.OPERATOR, lambda p, _: p.reader.search(Query(number="99999"))),
    Operation("calls that were set", Way.OPERATOR, lambda p, _: p.reader.search(Query(outcome="set"))),
    Operation("calls that failed, old", Way.OPERATOR, lambda p, _: p.reader.search(_failed_long_ago())),
    Operation("calls that were lost", Way.OPERATOR, lambda p, _: p.reader.search(Query(outcome="lost"))),
    Operation("calls of an outcome that none has", Way.OPERATOR, lambda p, _: p.reader.search(Query(outcome="error"))),
    Operation("calls of an unknown trunk", Way.OPERATOR, lambda p, _: p.reader.search(Query(trunks=["none"]))),
    Operation("calls in progress", Way.OPERATOR, lambda p, _: p.reader.search(Query(outcome="in_progress"))),
    Operation("how many are in progress", Way.OPERATOR, lambda p, _: p.reader.in_progress()),
    Operation("trunks", Way.OPERATOR, lambda p, _: p.reader.trunks()),
    Operation("a call", Way.OPERATOR, lambda p, _: p.reader.call(_newest_call(p))),
    Operation("a call by the start of its id", Way.OPERATOR, lambda p, _: p.reader.only(_newest_call(p)[:10])),
    Operation(
        "what calls said last",
        Way.OPERATOR,
        lambda p, _: p.reader.last_entries([call.call_id for call in p.reader.search(Query(limit=20))]),
    ),
    Operation("services", Way.OPERATOR, lambda p, _: p.reader.services()),
    Operation("quality of keys, 7 days", Way.OPERATOR, lambda p, _: p.reader.keys(Query(since=days_ago(7)))),
    Operation("programs", Way.OPERATOR, lambda p, _: read_programs(p.database)),
    Operation("a line", Way.OPERATOR, lambda p, turn: p.store.line_of(p.other(turn))),
    Operation("state of the largest line", Way.OPERATOR, lambda p, _: p.store.credentials_of(p.office[0], size=50)),
    Operation("lock a line, and unlock it", Way.OPERATOR, _lock),
    Operation("import ten lines", Way.OPERATOR, lambda p, _: p.store.import_lines(an_office_file(p.size))),
    Operation("audit trail, newest", Way.OPERATOR, lambda p, _: p.store.audit_records(last=50)),
    Operation("audit trail of a number", Way.OPERATOR, lambda p, turn: p.store.audit_records(number=p.other(turn))),
    Operation("notices: latest calls", Way.OPERATOR, lambda p, _: _notices(p, CallQuery())),
    Operation("notices: calls of a number", Way.OPERATOR, lambda p, t: _notices(p, CallQuery(number=p.other(t)))),
    Operation("notices: before a moment", Way.OPERATOR, lambda p, _: _notices(p, CallQuery(until=days_ago(9)))),
    Operation("notices: paused addresses", Way.OPERATOR, lambda p, _: _paused(p)),
    Operation("mails of a number", Way.OPERATOR, lambda p, _: _in_outbox(p, "deliveries")),
    Operation("first login", Way.OPERATOR, lambda p, _: first_login(p.database)),
    Operation("open the store", Way.UPKEEP, lambda p, _: _agree_on_keys(p.database, p.ring, utc_now, lambda _h: None)),
    Operation("mark lost calls", Way.UPKEEP, lambda p, _: p.writer.mark_lost()),
    Operation("forget old calls", Way.UPKEEP, lambda p, _: p.writer.forget_before(days_ago(90))),
    Operation("beat of a service", Way.UPKEEP, lambda p, _: p.writer.write([ServiceBeat(Vitals())])),
    Operation("beat of a program", Way.UPKEEP, lambda p, _: p.registry.beat()),
    Operation("is a mail due?", Way.UPKEEP, lambda p, _: p.leases.any_due()),
    Operation("lease mails and put them off", Way.UPKEEP, _lease),
    Operation("lease mails, which are taken", Way.UPKEEP, _taken),
    Operation("give up late mails", Way.UPKEEP, lambda p, _: p.leases.give_up_late()),
    Operation("forget old mails", Way.UPKEEP, lambda p, _: p.leases.forget(timedelta(days=30))),
    Operation("how many mails wait", Way.UPKEEP, lambda p, _: _in_outbox(p, "backlog")),
    Operation("write a verdict and its mail", Way.UPKEEP, _post),
    Operation("write mails that waited", Way.UPKEEP, lambda p, _: p.store.mail_together(p.outbox, p.mails)),
    Operation("count refused mails", Way.UPKEEP, lambda p, _: p.store.count_refusals()),
    Operation("forget old verdicts", Way.UPKEEP, lambda p, _: p.store.forget_calls()),
    Operation("report of a day", Way.WHOLE, lambda p, _: p.reader.report(Query(since=days_ago(1), limit=None))),
    Operation("report of 90 days", Way.WHOLE, lambda p, _: p.reader.report(Query(since=days_ago(90), limit=None))),
    Operation("logins of a day", Way.WHOLE, lambda p, _: _logins(p, 1)),
    Operation("logins of 90 days", Way.WHOLE, lambda p, _: _logins(p, 90)),
    Operation("how many hashes each key made", Way.WHOLE, lambda p, _: p.store.key_usage()),
)


def _failed_long_ago() -> Query:
    return Query(outcome="failed", until=days_ago(60))
