"""The settings site's side: a number's call notices, and why a call came without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from credentials.audit import Action, Entry
from credentials.errors import NotAllowed
from credentials.model import Line
from credentials.sides.session_side import WHEN_COMPLETE, SessionSide
from credentials.site.session import Session
from mail.letter import Letter, Purpose
from mail.outbox import Delivery, Outbox
from notice.mails.writing import Writer
from notice.settings import table
from notice.settings.checking import faults, tidied
from notice.settings.model import Fault, Settings, summary
from notice.store import verdicts
from notice.store.verdicts import CallLine
from storage.database import database_border

_TEST_LIVES: Final = timedelta(hours=1)
_PURPOSES: Final = frozenset({Purpose.NOTICE, Purpose.TEST})
_LOOKED_AT: Final = 20
"""How many of the latest letters to an address are looked at: others than ours may be among them."""


@dataclass(frozen=True)
class Change:
    """The answer to a change of settings.

    Attributes:
        changed: whether they are stored.
        faults: what is wrong with them, if they are not.
        overtaken: they were changed elsewhere since they were shown, and not stored.
    """

    changed: bool
    faults: tuple[Fault, ...] = ()
    overtaken: bool = False


class SubscriberSide(SessionSide):
    """The methods for the pages of call notices.

    Each takes the id of a complete session, and a number that it may see: its own, or any of the line for the
    administrator. Besides the errors of `SessionSide` each raises:

        NotAllowed: the session may not see the number.
    """

    @database_border
    def notice_settings(self, session_id: str, number: str) -> Settings:
        """Return what a number has chosen; if it has chosen nothing, settings without a version."""
        with self._database.reading() as connection:
            _require_seen(*self._look_with_line(connection, session_id, WHEN_COMPLETE), number)
            return table.find(connection, number)

    @database_border
    def store_notice_settings(self, session_id: str, number: str, typed: Settings) -> Change:
        """Store what was typed in place of the settings that the page showed.

        Args:
            session_id: the session.
            number: the number.
            typed: the settings; `version` is that of the settings that the page showed.
        """
        new = tidied(typed)
        if wrong := faults(new):
            return Change(changed=False, faults=wrong)
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            _require_seen(held.session, held.line, number)
            if table.find(connection, number).version != typed.version:
                return Change(changed=False, overtaken=True)
            table.replace(connection, number, new, self.now())
            entry = Entry(Action.NOTICE_CHANGED, number, summary(new))
            self._record(connection, [entry], actor=held.session.number, origin=held.origin)
        return Change(changed=True)

    @database_border
    def take_up_notice_address(self, session_id: str, number: str, address: str) -> bool:
        """End the pause of an address, as its subscriber wishes. Return whether it was paused."""
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            _require_seen(held.session, held.line, number)
            taken_up = table.take_up(connection, number, address, self.now())
            entries = [Entry(Action.NOTICE_TAKEN_UP, number)] if taken_up else []
            self._record(connection, entries, actor=held.session.number, origin=held.origin)
        return taken_up

    @database_border
    def send_notice_test(
        self, session_id: str, number: str, address: str, outbox: Outbox, writer: Writer, *, client: str = ""
    ) -> str:
        """Mail a test to an address of the number, over the way that notices go.

        Returns:
            The letter's id: `Outbox.find` says what became of it.

        Raises:
            NotAllowed: the number does not have the address.
            LimitReached: too many mails were asked for.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHEN_COMPLETE)
            _require_seen(held.session, held.line, number)
            if address not in [each.address for each in table.find(connection, number).addresses]:
                raise NotAllowed(f"{number} does not have that address")
            written = writer.test(number, held.line.language)
            letter = Letter(
                purpose=Purpose.TEST,
                to=address,
                subject=written.subject,
                body=written.body,
                useful_until=self.now() + _TEST_LIVES,
                number=number,
                client=client,
            )
            return outbox.add(connection, letter)

    @database_border
    def notice_deliveries(self, session_id: str, number: str, outbox: Outbox) -> Mapping[str, Delivery]:
        """Return what became of the last notice or test to each address of a number that was mailed at all."""
        with self._database.reading() as connection:
            _require_seen(*self._look_with_line(connection, session_id, WHEN_COMPLETE), number)
            last: dict[str, Delivery] = {}
            for each in table.find(connection, number).addresses:
                latest = outbox.deliveries(connection, number=number, address=each.address, most=_LOOKED_AT)
                ours = [one for one in latest if one.purpose in _PURPOSES and one.address == each.address]
                if ours:
                    last[each.address] = ours[0]
            return last

    @database_border
    def notice_calls(
        self, session_id: str, number: str, outbox: Outbox, *, after: str = "", most: int = 50
    ) -> list[CallLine]:
        """Return what came of a number's calls of the last 30 days, the newest first.

        Args:
            session_id: the session.
            number: the number.
            outbox: knows what became of mails.
            after: the id of a call of this number: only of those that stand after it in this order.
            most: how many at most.
        """
        with self._database.reading() as connection:
            _require_seen(*self._look_with_line(connection, session_id, WHEN_COMPLETE), number)
            return verdicts.of_number(connection, outbox, number, now=self.now(), after=after, most=most)


def _require_seen(session: Session, line: Line | None, number: str) -> None:
    seen = line.numbers if line is not None and session.is_administrator else {session.number}
    if number not in seen:
        raise NotAllowed(f"{session.number} may not see the call notices of {number}")
