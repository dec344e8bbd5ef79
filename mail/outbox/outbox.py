"""The side of whoever mails: puts letters into the outbox, and reads what became of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from credentials.secrets.keys import KeyRing
from mail.addresses import counted_as
from mail.letter import Letter, Purpose, new_letter_id, one_line
from mail.outbox.deliveries import Backlog, Delivery, Reason, State
from mail.outbox.limits import MailLimits, require_within
from mail.outbox.moments import moment_of
from mail.outbox.schema import WIPED, letters
from mail.outbox.sealing import seal
from storage.clock import Clock
from storage.database import after_commit, insert_into

LONGEST_REPLY: Final = 200
_ADDED_AT_ONCE: Final = 1000
_SHOWN: Final = [
    letters.c[name]
    for name in (
        *("letter_id", "purpose", "number", "address", "created_at", "useful_until"),
        *("state", "due_at", "tries", "ended_at", "reason", "reply"),
    )
]


def _nobody() -> None:
    pass


class Outbox:
    """The outbox in the store's database. Any number of processes and threads may use it at once.

    Its tables are made by `storage.migrate.upgrade(database, MAIL)`. Every method works in a transaction of its caller.

    Args:
        keys: the store's keys; the first seals new letters.
        limits: how many letters may be asked for.
        added: called when a letter was added and its transaction committed, from the thread that did so: wakes a sender
            in the same process (`Sender.wake`).
        clock: a clock that decides instead of the database's, for tests.
    """

    def __init__(
        self,
        keys: KeyRing,
        *,
        limits: MailLimits | None = None,
        added: Callable[[], None] = _nobody,
        clock: Clock | None = None,
    ) -> None:
        self._keys = keys
        self._limits = limits or MailLimits()
        self._added = added
        self._clock = clock

    def add(self, connection: Connection, letter: Letter) -> str:
        """Put a letter into the outbox. It is sent once the transaction is committed, and only then.

        Args:
            connection: a transaction of `Database.writing`.
            letter: the letter.

        Returns:
            The letter's id; of a letter whose name `once` is taken, that of the first one: nothing is written then.

        Raises:
            LimitReached: too many were asked for; nothing was written, and the transaction may go on.
        """
        if letter.once and (first := self._named(connection, letter.once)):
            return first
        now = moment_of(connection, self._clock)
        require_within(connection, [letter], self._limits, now)
        letter_id = new_letter_id()
        adding = _insert_unless_there(connection).values(self._row(letter_id, letter, now))
        if connection.scalar(adding.returning(letters.c.letter_id)) is None:
            return self._named(connection, letter.once) or letter_id  # another process added the same one meanwhile
        after_commit(connection, self._added)
        return letter_id

    def add_all(self, connection: Connection, added: Sequence[Letter]) -> None:
        """Put many letters into the outbox, or none: as `add` does, and no transaction may call that for several.

        Two transactions that add letters to the same addresses in another order could otherwise wait for each other.

        Args:
            connection: a transaction of `Database.writing`.
            added: the letters; none has a name (`Letter.once`).

        Raises:
            LimitReached: together they are too many; nothing was written, and the transaction may go on.
            ValueError: a letter has a name.
        """
        if any(letter.once for letter in added):
            raise ValueError("letters that have a name are added one by one")
        now = moment_of(connection, self._clock)
        require_within(connection, added, self._limits, now)
        for begin in range(0, len(added), _ADDED_AT_ONCE):
            chunk = added[begin : begin + _ADDED_AT_ONCE]
            connection.execute(insert(letters), [self._row(new_letter_id(), letter, now) for letter in chunk])
        if added:
            after_commit(connection, self._added)

    def find(self, connection: Connection, letter_id: str) -> Delivery | None:
        """Return what became of a letter; None if it is not known, or forgotten."""
        row = connection.execute(select(*_SHOWN).where(letters.c.letter_id == letter_id)).one_or_none()
        return None if row is None else _delivery(row)

    def named(self, connection: Connection, once: str) -> Delivery | None:
        """Return what became of the letter with a name; None if it is not known, or forgotten."""
        row = connection.execute(select(*_SHOWN).where(letters.c.once == once)).one_or_none()
        return None if row is None else _delivery(row)

    def deliveries(
        self, connection: Connection, *, number: str | None = None, address: str | None = None, most: int = 50
    ) -> list[Delivery]:
        """List what became of letters, the newest first.

        Args:
            connection: a transaction.
            number: only those about this number.
            address: only those to this address, however it is written.
            most: how many at most.
        """
        asked = select(*_SHOWN)
        if number is not None:
            asked = asked.where(letters.c.number == number)
        if address is not None:
            asked = asked.where(letters.c.counted_as == counted_as(address))
        newest = asked.order_by(letters.c.created_at.desc(), letters.c.letter_id).limit(most)
        return [_delivery(row) for row in connection.execute(newest)]

    def backlog(self, connection: Connection) -> Backlog:
        """Count the letters that wait."""
        waiting, oldest = connection.execute(
            select(func.count(), func.min(letters.c.created_at)).where(letters.c.state == State.WAITING.value)
        ).one()
        age = moment_of(connection, self._clock) - oldest if oldest else None
        return Backlog(waiting=waiting, oldest_s=max(age.total_seconds(), 0.0) if age else 0.0)

    def bounced(self, connection: Connection, letter_id: str, reason: Reason, reply: str) -> bool:
        """Note that a letter came back after our mail server had taken it: a server refused it for good.

        Args:
            connection: a transaction of `Database.writing`.
            letter_id: the letter's id, from its envelope sender or its Message-ID.
            reason: why.
            reply: the words of the server that sent it back.

        Returns:
            Whether there was such a letter. (One that had already come back stays as it was.)
        """
        return self._came_back(connection, letter_id, State.REFUSED, reason, reply)

    def given_up(self, connection: Connection, letter_id: str, reason: Reason, reply: str) -> bool:
        """Note that a letter came back because servers asked again and again to try later; as `bounced`."""
        return self._came_back(connection, letter_id, State.EXPIRED, reason, reply)

    def delayed(self, connection: Connection, letter_id: str, reason: Reason, reply: str) -> bool:
        """Note why a letter that our mail server took has not arrived yet; as `bounced`."""
        noted = connection.execute(
            update(letters)
            .where(letters.c.letter_id == letter_id, letters.c.state == State.TAKEN.value)
            .values(reason=reason.value, reply=one_line(reply, LONGEST_REPLY))
        )
        return noted.rowcount == 1

    def _came_back(self, connection: Connection, letter_id: str, state: State, reason: Reason, reply: str) -> bool:
        values = {"state": state.value, "reason": reason.value, "reply": one_line(reply, LONGEST_REPLY)}
        noted = connection.execute(
            update(letters)
            # It may come back before the sender could note that it was taken.
            .where(letters.c.letter_id == letter_id, letters.c.state.in_([State.TAKEN.value, State.WAITING.value]))
            .values(**values, **WIPED, ended_at=moment_of(connection, self._clock))
        )
        return noted.rowcount == 1

    def _named(self, connection: Connection, once: str) -> str | None:
        return connection.scalar(select(letters.c.letter_id).where(letters.c.once == once))

    def _row(self, letter_id: str, letter: Letter, now: datetime) -> dict[str, Any]:
        key = self._keys.current
        return {
            "letter_id": letter_id,
            "once": letter.once or None,
            "purpose": letter.purpose.value,
            "address": letter.to,
            "counted_as": counted_as(letter.to),
            "number": letter.number,
            "client": letter.client,
            "created_at": now,
            "useful_until": letter.useful_until,
            "state": State.WAITING.value,
            "due_at": now,
            "tries": 0,
            "reason": Reason.NONE.value,
            "reply": "",
            "key_id": key.key_id,
            "sealed": seal(key, letter_id, letter.subject, letter.body),
        }


def find_deliveries(connection: Connection, letter_ids: Collection[str]) -> dict[str, Delivery]:
    """Return what became of letters by their ids, without those that are not known or forgotten. This needs no key."""
    rows = connection.execute(select(*_SHOWN).where(letters.c.letter_id.in_(letter_ids)))
    return {row.letter_id: _delivery(row) for row in rows}


def _insert_unless_there(connection: Connection) -> Any:
    """Return an INSERT that does nothing if the letter's name is taken, and waits for a rival who has not committed."""
    return insert_into(connection, letters).on_conflict_do_nothing(index_elements=["once"])


def _delivery(row: Row[Any]) -> Delivery:
    values = row._asdict()
    return Delivery(
        **values
        | {
            "purpose": Purpose(values["purpose"]),
            "state": State(values["state"]),
            "reason": Reason(values["reason"]),
        }
    )
