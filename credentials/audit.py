"""The audit trail: who did what to which number, when, and from which call or session. It never holds a secret.

The rules are in docs/rules.md 6.1, 6.2 and 6.3.

Each record is chained to the one before it: its digest is SHA-256 over that one's digest and its own fields, so a
record that was changed, put in or taken out breaks all that follow. Its MAC is HMAC-SHA-256 over the digest, under a
key that is not in the database: someone who can write to the database still cannot rebuild the chain. Because a MAC
covers all records before it, the trail can still be proved when earlier keys are no longer at hand.

The chain alone cannot show that someone cut off its newest records and put the head row back. So each append reports
its head (`Head`: how many records there are, and a digest under the key). Keep the head where nobody who can write to
the database can reach it, and hand it in when the trail is verified (`ivr audit verify --since`).

Triggers refuse every change of a record. To append, a transaction locks the head row. It does so last, so that writers
wait for each other only from there to the commit, and never in a circle.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from credentials.schema import audit as table
from credentials.schema import audit_head as head_table
from credentials.secrets.keys import Key, KeyRing

_NOTHING_YET: Final = "0" * 64
_MARK_HEX: Final = 32
"""Half of the MAC: the shortest that RFC 2104, section 5, allows."""
_HEAD: Final = re.compile(rf"([0-9]{{1,18}})(?::([0-9a-f]{{{_MARK_HEX}}}|[0-9a-f]{{{len(_NOTHING_YET)}}}))?")
"""The written form of a head. Heads of earlier versions had the record's digest as their mark."""
_ROWS_AT_ONCE: Final = 5000


class Action(StrEnum):
    """The actions that the audit trail records."""

    TEMPORARY_PASSWORD_SET = "TEMPORARY_PASSWORD_SET"  # noqa: S105 - a name
    CALL_FAILED = "CALL_FAILED"
    NUMBER_REFUSED = "NUMBER_REFUSED"
    """Too many calls from the number failed: it is refused for a time."""
    LINE_REFUSED = "LINE_REFUSED"
    """Too many calls from the line failed: its additional numbers are refused for a time."""
    LOGIN = "LOGIN"
    """Someone tried to log in; the detail gives the verdict and the kind of credential."""
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a name
    PASSWORD_REMOVED = "PASSWORD_REMOVED"  # noqa: S105 - a name
    """A change of the unit removed it, or the report of a record."""
    PASSWORD_COPIED = "PASSWORD_COPIED"  # noqa: S105 - a name
    """A change of the unit copied it; the detail names the number that it came from."""
    PASSWORD_PROOF = "PASSWORD_PROOF"  # noqa: S105 - a name
    """For a change of a password, the current one was proved or not proved."""
    UNIT_PROOF = "UNIT_PROOF"
    """For a change of the unit, a password was proved or not proved."""
    UNIT_CHANGED = "UNIT_CHANGED"
    ONE_TIME_CHOSEN = "ONE_TIME_CHOSEN"
    """A number chose to use one-time passwords, or not to; the detail says which."""
    ONE_TIME_LINK_SENT = "ONE_TIME_LINK_SENT"
    """A link went to an address that waits to be confirmed."""
    ONE_TIME_ADDRESS_CONFIRMED = "ONE_TIME_ADDRESS_CONFIRMED"
    """From now on one-time passwords go to that address."""
    ONE_TIME_CODE_SENT = "ONE_TIME_CODE_SENT"
    """The detail gives the short name of the code."""
    ONE_TIME_CODE_PROOF = "ONE_TIME_CODE_PROOF"
    """At a login, a one-time password was proved or not proved."""
    ONE_TIME_RESET = "ONE_TIME_RESET"
    """What a number had chosen about one-time passwords was forgotten; it has to choose again."""
    CONFIRMATION_PROOF = "CONFIRMATION_PROOF"
    """The confirmation ID or password was proved or not proved."""
    CONFIRMATION_CHANGED = "CONFIRMATION_CHANGED"
    LOGINS_LOCKED = "LOGINS_LOCKED"
    """An operator locked a number's logins, or a subscriber those of a line: the detail names the reported record."""
    LOGINS_UNLOCKED = "LOGINS_UNLOCKED"
    """An operator unlocked them, or a call from the line set a temporary password."""
    SESSIONS_ENDED = "SESSIONS_ENDED"
    """An operator or a subscriber ended the sessions of a number or line; the detail gives how many."""
    NOTICE_CHANGED = "NOTICE_CHANGED"
    """A number's call notices were started or stopped, or their addresses, conditions or listed numbers changed; the
    detail says how many there are."""
    NOTICE_PAUSED = "NOTICE_PAUSED"
    """An address of a number gets no call notices any more, because its server refused too many in a row."""
    NOTICE_TAKEN_UP = "NOTICE_TAKEN_UP"
    """An address of a number gets call notices again."""
    LINE_ADDED = "LINE_ADDED"
    LINE_REMOVED = "LINE_REMOVED"
    LINE_LANGUAGE = "LINE_LANGUAGE"
    LINE_LOCKED = "LINE_LOCKED"
    LINE_UNLOCKED = "LINE_UNLOCKED"
    NUMBER_ADDED = "NUMBER_ADDED"
    NUMBER_MOVED = "NUMBER_MOVED"
    NUMBER_REMOVED = "NUMBER_REMOVED"
    KEY_INTRODUCED = "KEY_INTRODUCED"
    """From now on this key makes new hashes."""
    KEY_ADDED = "KEY_ADDED"
    """A key is added to the key file; recorded before the file is written."""
    KEY_MADE_FIRST = "KEY_MADE_FIRST"
    """A key is made the first of a host's key file; recorded before the file is written."""
    KEY_COPIED = "KEY_COPIED"
    """The keys are copied to another file (recorded before it is written), or an operator said where a copy is."""
    OPERATOR_ADDED = "OPERATOR_ADDED"
    """Someone may now log in to the console; the detail of this and the next three actions names the operator."""
    OPERATOR_REMOVED = "OPERATOR_REMOVED"
    OPERATOR_ROLE = "OPERATOR_ROLE"
    OPERATOR_PASSWORD = "OPERATOR_PASSWORD"  # noqa: S105 - a name


@dataclass(frozen=True)
class Entry:
    """One thing to record.

    Attributes:
        action: what was done.
        number: the number that it was done to (a line by its contract number); "" if there is none.
        detail: anything else worth recording, in a few words; never a secret.
    """

    action: Action
    number: str
    detail: str = ""


@dataclass(frozen=True)
class AuditRecord:
    """One record of the trail.

    Attributes:
        position: 1 for the first.
        at: when it was done, by the store's clock.
        action: what was done.
        actor: who did it: a number, or an operator by the name at the console or by the system's user name.
        origin: the call or session that it came from; "" for an operator.
        number: the number that it was done to.
        detail: anything else worth recording.
    """

    position: int
    at: datetime
    action: str
    actor: str
    origin: str
    number: str
    detail: str


@dataclass(frozen=True)
class Head:
    """The end of a trail, now or when someone noted it. It reveals nothing of what the records say.

    Attributes:
        position: how many records there are.
        mark: the first half of the last record's MAC, or its digest; "" if only the number of records was noted.
    """

    position: int
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.position}:{self.mark}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Return the head that `str` wrote, or a head made of a number of records alone.

        Raises:
            ValueError: the text is not a head.
        """
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"{text!r} is not a head of an audit trail: write one as verify prints it (12:9f86d0...), or a number"
                " of records"
            )
        return cls(int(found[1]), found[2] or "")


@dataclass(frozen=True)
class Verification:
    """The result of verifying the trail.

    Attributes:
        head: where the trail ends.
        problem: the first thing that is wrong; None if the trail is whole.
    """

    head: Head
    problem: str | None


def hold_head(connection: Connection) -> Row[Any]:
    """Return the last record's position and digest, and keep others from appending until the transaction ends."""
    head: Row[Any] = connection.execute(select(head_table).with_for_update()).one()
    return head


def append(
    connection: Connection, entries: Sequence[Entry], *, at: datetime, actor: str, origin: str, key: Key
) -> Head | None:
    """Add records to the trail, as the last thing that a transaction does.

    Returns:
        Where the trail ends once that is committed; None if there was nothing to add.
    """
    if not entries:
        return None
    head = hold_head(connection)
    position, digest = head.position, head.digest
    rows: list[dict[str, Any]] = []
    for position, entry in enumerate(entries, head.position + 1):
        record = AuditRecord(position, at, entry.action.value, actor, origin, entry.number, entry.detail)
        digest = _chain(digest, record)
        rows.append(vars(record) | {"digest": digest, "key_id": key.key_id, "mac": _mac(key, digest)})
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        connection.execute(insert(table), rows[begin : begin + _ROWS_AT_ONCE])
    connection.execute(update(head_table).values(position=position, digest=digest))
    return Head(position, _mark(key, digest))


def head(connection: Connection, key: Key) -> Head:
    """Return where the trail ends now, marked with the key. This reads one row and verifies nothing."""
    stored = connection.execute(select(head_table.c.position, head_table.c.digest)).one()
    return Head(stored.position, _mark(key, stored.digest))


def records(connection: Connection, *, number: str | None = None, last: int | None = None) -> Iterator[AuditRecord]:
    """Yield records in their order.

    Args:
        connection: a reading transaction.
        number: yield only what was done to this number.
        last: yield only this many of the newest.
    """
    wanted = select(*(table.c[name] for name in AuditRecord.__dataclass_fields__))
    if number is not None:
        wanted = wanted.where(table.c.number == number)
    if last is not None:
        newest = wanted.order_by(table.c.position.desc()).limit(last).subquery()
        wanted = select(newest).order_by(newest.c.position)
    else:
        wanted = wanted.order_by(table.c.position)
    with connection.execute(wanted.execution_options(yield_per=_ROWS_AT_ONCE)) as rows:
        for row in rows:
            yield AuditRecord(*row)


def verify(connection: Connection, ring: KeyRing, *, since: Head | None = None) -> Verification:
    """Recompute the whole chain, in the transaction's one view of the database.

    Args:
        connection: a reading transaction.
        ring: the keys at hand. The MACs after a record cover it even if it was made with another key; the last record
            must be made with one of these.
        since: a head that was noted earlier, marked with one of these keys. The trail must still contain it.
    """
    position, digest = connection.execute(select(head_table.c.position, head_table.c.digest)).one()
    wanted = select(table).order_by(table.c.position).execution_options(yield_per=_ROWS_AT_ONCE)
    with connection.execute(wanted) as rows:
        problem = _first_problem(rows, ring, (position, digest), since)
    return Verification(Head(position, _mark(ring.current, digest)), problem)


def _first_problem(rows: Iterable[Row[Any]], ring: KeyRing, end: tuple[int, str], since: Head | None) -> str | None:
    position, digest, proved_to = 0, _NOTHING_YET, 0
    for row in rows:
        if row.position != position + 1:
            return f"record {position + 1} is missing"
        position += 1
        record = AuditRecord(*(getattr(row, name) for name in AuditRecord.__dataclass_fields__))
        digest = _chain(digest, record)
        if not hmac.compare_digest(digest, row.digest):
            return f"record {position} is not what was written, or what was before it is gone"
        if row.key_id in ring:
            if not hmac.compare_digest(_mac(ring.get(row.key_id), digest), row.mac):
                return f"record {position} was not written by this system: its MAC is wrong"
            proved_to = position
        if since is not None and since.position == position and not _is_marked(ring, digest, since.mark):
            return f"record {position} is another than the one that was noted, or was noted with a key not at hand"
    if (position, digest) != end:
        return f"the trail ends at record {position}, but should end at record {end[0]}"
    if since is not None and since.position > position:
        return (
            f"the trail ends at record {position}, but had {since.position} when that was noted: the newest are missing"
        )
    if proved_to < position:
        return f"the records after {proved_to} were made with a key that is not at hand: they prove nothing"
    return None


def _chain(digest: str, record: AuditRecord) -> str:
    fields = [digest, record.position, record.at.isoformat(timespec="microseconds"), record.action]
    fields += [record.actor, record.origin, record.number, record.detail]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True).encode("ascii")).hexdigest()


def _is_marked(ring: KeyRing, digest: str, mark: str) -> bool:
    """Return whether a mark belongs to a record with this digest, without trusting the MAC that is stored."""
    if not mark or hmac.compare_digest(digest, mark):
        return True
    return any(hmac.compare_digest(_mark(key, digest), mark) for key in ring)


def _mark(key: Key, digest: str) -> str:
    return _mac(key, digest)[:_MARK_HEX]


def _mac(key: Key, digest: str) -> str:
    return key.digest(b"karipass audit record\0" + digest.encode("ascii")).hex()
