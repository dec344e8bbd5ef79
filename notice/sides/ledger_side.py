"""The side of the journal's reader: verdicts, their mails, and pauses after refusals (docs/rules.md 7.4).

A verdict, the letters that it makes due and how far the journal was read are one transaction. So a reader that is
killed at any moment has either done all of it or nothing, and whoever reads the same lines again finds it done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select, update

from credentials.audit import Action, Entry
from credentials.lines import provisioning
from credentials.sides.base import StoreBase
from mail.letter import Letter, Purpose
from mail.outbox import Outbox, State
from mail.outbox.schema import letters
from notice.calls.judging import Verdict
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.rules import Decision, Why, decide
from notice.settings import table
from notice.settings.model import REFUSALS_UNTIL_PAUSE, Settings
from notice.store import drafts, places, verdicts
from notice.store.schema import calls, mails
from storage.database import database_border

TOGETHER: Final = timedelta(minutes=1)
"""How long a mail waits for more calls of the same caller, if the subscriber wants that."""
_USEFUL: Final = timedelta(days=5)
"""How long a notice is worth sending: our mail server may be away over a long weekend."""
_COMES_BACK_WITHIN: Final = timedelta(hours=1)
"""A mail that was taken longer ago, and has not come back, has arrived."""
_REFUSED_WITHIN: Final = timedelta(days=1)
"""For how long a refusal is looked at that was not counted: 30 days of them would be read again and again."""
_AT_ONCE: Final = 200
_ACTOR: Final = "call notices"


@dataclass(frozen=True)
class Posted:
    """What came of verdicts.

    Attributes:
        new: how many were new.
        letters: how many letters they made due.
        too_old: how many are of calls so old that nothing is known of them any more.
        whys: what came of the new ones.
    """

    new: int = 0
    letters: int = 0
    too_old: int = 0
    whys: Mapping[Why, int] = field(default_factory=dict, compare=False)


class LedgerSide(StoreBase):
    """The methods for the reader of a journal."""

    @database_border
    def journal_place(self, exchange: str) -> Place:
        """Return where to read on in the journal of an exchange."""
        with self._database.reading() as connection:
            return places.find(connection, exchange)

    @database_border
    def note_looking(self, exchange: str) -> None:
        """Note that the journal of an exchange is read, for those who look whether it is (`notice.reading.lag`)."""
        with self._database.writing() as connection:
            places.look(connection, exchange, self.now())

    @database_border
    def post(self, exchange: str, found: Sequence[Verdict], place: Place, outbox: Outbox, writer: Writer) -> Posted:
        """Keep verdicts, put their mails into the outbox, and note how far the journal was read: all of it, or nothing.

        A call that has a verdict keeps it, and is not mailed again.

        Args:
            exchange: the name of the exchange.
            found: the verdicts.
            place: where to read on.
            outbox: where mails go.
            writer: writes them.
        """
        now = self.now()
        new = mailed = too_old = 0
        whys = Counter[Why]()
        with self._database.writing() as connection:
            for verdict in found:
                if verdict.began_at < now - verdicts.KEPT:
                    too_old += 1
                    continue
                chosen = table.find(connection, verdict.number)
                decision = _decide(connection, verdict, chosen, now)
                mail_at = _mail_at(connection, verdict, now) if decision.why is Why.WAITS else None
                call_id = verdicts.add(connection, verdict, decision.why, now=now, mail_at=mail_at)
                if call_id is None:
                    continue
                new += 1
                whys[decision.why] += 1
                if decision.why is Why.MAILED:
                    mailed += self._mail(connection, [call_id], [verdict], chosen, decision.addresses, outbox, writer)
            places.keep(connection, exchange, place, now)
        return Posted(new, mailed, too_old, whys)

    @database_border
    def mail_together(self, outbox: Outbox, writer: Writer) -> int:
        """Write the mails that have waited long enough for more calls of the same caller; return how many letters."""
        now, written = self.now(), 0
        with self._database.reading() as connection:
            if connection.scalar(select(calls.c.call_id).where(calls.c.mail_at <= now).limit(1)) is None:
                return 0
        with self._database.writing() as connection:
            due = select(calls).where(calls.c.mail_at <= now).order_by(calls.c.began_at).limit(_AT_ONCE)
            groups: dict[tuple[str, str, str | None, bool], list[Row[Any]]] = {}
            for row in connection.execute(due.with_for_update()).all():
                earlier = verdicts.is_of_earlier_holder(connection, row.number, row.began_at, now)
                groups.setdefault((row.number, row.caller, row.reason, earlier), []).append(row)
            for (number, *_), rows in groups.items():
                chosen = table.find(connection, number)
                found = [verdicts.verdict_of(row) for row in rows]
                ids = [row.call_id for row in rows]
                # By what is chosen now: it may have been stopped.
                decision = _decide(connection, found[-1], chosen, now)
                why = Why.MAILED if decision.addresses else decision.why
                connection.execute(update(calls).where(calls.c.call_id.in_(ids)).values(why=why.value, mail_at=None))
                written += self._mail(connection, ids, found, chosen, decision.addresses, outbox, writer)
        return written

    @database_border
    def count_refusals(self) -> int:
        """Pause the addresses whose servers have refused the last three notices in a row; return how many.

        A notice that came back was refused, too. Whether those that were mailed after it will come back is not known
        yet: they end the row only when they were taken an hour ago.
        """
        now, paused = self.now(), list[Entry]()
        with self._database.reading() as connection:
            if connection.scalar(_refused(now).limit(1)) is None:
                return 0
        with self._database.writing() as connection:
            refused = connection.execute(_refused(now).limit(_AT_ONCE)).all()
            # Whoever stores settings holds the line, too: then a pause is not lost with what it replaces.
            provisioning.hold_lines(connection, {row.number for row in refused})
            for number, address in sorted({(row.number, row.address) for row in refused}):
                if _refused_in_a_row(connection, number, address, now) and table.pause(
                    connection, number, address, now
                ):
                    paused.append(Entry(Action.NOTICE_PAUSED, number))
            if not refused:  # another reader has counted them meanwhile
                return 0
            ids = [row.letter_id for row in refused]
            connection.execute(update(mails).where(mails.c.letter_id.in_(ids)).values(counted=True))
            self._record(connection, paused, actor=_ACTOR, origin="")
        return len(paused)

    @database_border
    def forget_calls(self) -> int:
        """Remove verdicts that are older than 30 days, some at a time, and return how many; and old rehearsed files."""
        now = self.now()
        with self._database.writing() as connection:
            drafts.forget(connection, now)
            return verdicts.forget(connection, now)

    def _mail(
        self,
        connection: Connection,
        call_ids: Sequence[str],
        found: Sequence[Verdict],
        chosen: Settings,
        addresses: Sequence[str],
        outbox: Outbox,
        writer: Writer,
    ) -> int:
        """Put one letter for each address into the outbox."""
        if not addresses:
            return 0
        number = found[0].number
        line = provisioning.find_line(connection, number)
        written = writer.of_calls(found, chosen, "" if line is None else line.language)
        for address in addresses:
            letter = Letter(
                purpose=Purpose.NOTICE,
                to=address,
                subject=written.subject,
                body=written.body,
                useful_until=self.now() + _USEFUL,
                number=number,
                once=f"notice {call_ids[0]} {address}",
            )
            verdicts.note_mail(connection, call_ids, number, address, outbox.add(connection, letter))
        return len(addresses)


def _decide(connection: Connection, call: Verdict, chosen: Settings, now: datetime) -> Decision:
    """Decide what is to come of a call. The holder of its number is not mailed about those of an earlier holder."""
    decision = decide(call, chosen)
    if decision.addresses and verdicts.is_of_earlier_holder(connection, call.number, call.began_at, now):
        return Decision(Why.NOT_CHOSEN)  # what the earlier holder had chosen is gone
    return decision


def _mail_at(connection: Connection, verdict: Verdict, now: datetime) -> datetime:
    """Return when the mail that waits for more calls of a caller is written: that of the first counts."""
    same = (calls.c.number == verdict.number) & (calls.c.caller == verdict.caller.number)
    reason = verdict.caller.reason
    same &= calls.c.reason.is_(None) if reason is None else calls.c.reason == reason.value
    first: datetime | None = connection.scalar(
        select(calls.c.mail_at).where(same, calls.c.mail_at.is_not(None)).order_by(calls.c.mail_at).limit(1)
    )
    return first or now + TOGETHER


def _refused(now: datetime) -> Select[tuple[str, str, str]]:
    """Select the notices that were refused lately, and not counted yet."""
    together = mails.join(letters, letters.c.letter_id == mails.c.letter_id)
    return (
        select(mails.c.letter_id, mails.c.number, mails.c.address)
        .select_from(together)
        .where(letters.c.state == State.REFUSED.value, letters.c.ended_at > now - _REFUSED_WITHIN)
        .where(mails.c.counted.is_(False))
    )


def _refused_in_a_row(connection: Connection, number: str, address: str, now: datetime) -> bool:
    """Whether the last notices to an address that arrived or were refused, as far as is known, were all refused."""
    since = table.counts_from(connection, number, address)
    if since is None:
        return False
    theirs = select(mails.c.letter_id).where(mails.c.number == number, mails.c.address == address)
    counting = letters.c.letter_id.in_(theirs) & (letters.c.created_at >= since)
    refused = letters.c.state == State.REFUSED.value
    last_refused = select(func.max(letters.c.created_at)).where(counting, refused).scalar_subquery()
    settled = (letters.c.created_at < last_refused) | (letters.c.ended_at <= now - _COMES_BACK_WITHIN)
    arrived = (letters.c.state == State.TAKEN.value) & settled
    last = connection.scalars(
        select(letters.c.state)
        .where(counting, refused | arrived)
        .order_by(letters.c.created_at.desc())
        .limit(REFUSALS_UNTIL_PAUSE)
    ).all()
    return len(last) == REFUSALS_UNTIL_PAUSE and set(last) == {State.REFUSED.value}
