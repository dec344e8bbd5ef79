"""The audit trail: who did what to which number when, from which call or session. Never a secret.

Each record is chained to the one before it: its digest is SHA-256 over that one's digest and its own fields, so a
record that was changed, put in or taken out breaks all that follow. Its MAC is HMAC-SHA-256 over the digest, under the
key that the database does not have: whoever can write to the database cannot chain it anew. As a MAC covers all records
before it, the trail stays provable when earlier keys are no longer at hand.

What the chain alone cannot show is that its newest records were cut off together with the head row put back. For that
`verify` reports the head, to be kept elsewhere and handed in the next time (`ivr audit verify --since`).

Triggers refuse every change of a record. To append, a transaction takes the head row; it does so last, so that all who
write wait for each other only from there to the commit, and never in a circle.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from credentials.keys import Key, KeyRing
from credentials.schema import audit as table
from credentials.schema import audit_head as head_table

_NOTHING_YET: Final = "0" * 64
_ROWS_AT_ONCE: Final = 5000


class Action(StrEnum):
    """What was done."""

    TEMPORARY_PASSWORD_SET = "TEMPORARY_PASSWORD_SET"  # noqa: S105 - a name
    CALL_FAILED = "CALL_FAILED"
    LINE_REFUSED = "LINE_REFUSED"
    """Too many calls failed: the line is refused for a time."""
    LOGIN = "LOGIN"
    """A try to log in; the detail says the verdict and the credential."""
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a name
    PASSWORD_REMOVED = "PASSWORD_REMOVED"  # noqa: S105 - a name
    """By a change of the unit."""
    PASSWORD_COPIED = "PASSWORD_COPIED"  # noqa: S105 - a name
    """By a change of the unit; the detail names the number that it came from."""
    UNIT_PROOF = "UNIT_PROOF"
    """A password was proved, or not, for a change of the unit."""
    UNIT_CHANGED = "UNIT_CHANGED"
    LINE_ADDED = "LINE_ADDED"
    LINE_REMOVED = "LINE_REMOVED"
    LINE_LANGUAGE = "LINE_LANGUAGE"
    LINE_LOCKED = "LINE_LOCKED"
    LINE_UNLOCKED = "LINE_UNLOCKED"
    NUMBER_ADDED = "NUMBER_ADDED"
    NUMBER_MOVED = "NUMBER_MOVED"
    NUMBER_REMOVED = "NUMBER_REMOVED"
    KEY_INTRODUCED = "KEY_INTRODUCED"
    """A key makes the hashes from now on."""
    KEY_ADDED = "KEY_ADDED"
    """To the key file; recorded before it is written."""
    OPERATOR_ADDED = "OPERATOR_ADDED"
    """To those who may log in to the console; the detail of this and the next three names the operator."""
    OPERATOR_REMOVED = "OPERATOR_REMOVED"
    OPERATOR_ROLE = "OPERATOR_ROLE"
    OPERATOR_PASSWORD = "OPERATOR_PASSWORD"  # noqa: S105 - a name


@dataclass(frozen=True)
class Entry:
    """One thing to record.

    Attributes:
        action: what was done.
        number: to which number (a line by its contract number); "" where there is none.
        detail: what else there is to say, in a few words and never a secret.
    """

    action: Action
    number: str
    detail: str = ""


@dataclass(frozen=True)
class AuditRecord:
    """One record of the trail.

    Attributes:
        position: 1 for the first.
        at: when, by the store's clock.
        action: what was done.
        actor: who did it: a number, or an operator: by the name at the console, or the system's user.
        origin: the call or session that it came from; "" for the operator.
        number: to which number.
        detail: what else there is to say.
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
    """Where a trail ends, or ended when it was looked at."""

    position: int
    digest: str

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Return the head that `str` wrote.

        Raises:
            ValueError: the text is no head.
        """
        position, _, digest = text.strip().partition(":")
        if not (position.isascii() and position.isdigit() and len(digest) == len(_NOTHING_YET)):
            raise ValueError(f"{text!r} is no head of an audit trail: it looks like 12:9f86d0..., as verify prints it")
        return cls(int(position), digest)


@dataclass(frozen=True)
class Verification:
    """What came of verifying the trail.

    Attributes:
        head: where the trail ends.
        problem: the first thing that is wrong; None if the trail is whole.
    """

    head: Head
    problem: str | None


def append(
    connection: Connection, entries: Sequence[Entry], *, at: datetime, actor: str, origin: str, key: Key
) -> None:
    """Add records to the trail, as the last thing that a transaction does."""
    if not entries:
        return
    head = connection.execute(select(head_table.c.position, head_table.c.digest).with_for_update()).one()
    position, digest = head.position, head.digest
    rows: list[dict[str, Any]] = []
    for position, entry in enumerate(entries, head.position + 1):
        record = AuditRecord(position, at, entry.action.value, actor, origin, entry.number, entry.detail)
        digest = _chain(digest, record)
        rows.append(vars(record) | {"digest": digest, "key_id": key.key_id, "mac": _mac(key, digest)})
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        connection.execute(insert(table), rows[begin : begin + _ROWS_AT_ONCE])
    connection.execute(update(head_table).values(position=position, digest=digest))


def records(connection: Connection, *, number: str | None = None, last: int | None = None) -> Iterator[AuditRecord]:
    """Yield records in their order: all, those of a number, or the last so many of them."""
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
    """Compute the whole chain anew, in the transaction's one view of the database.

    Args:
        connection: a reading transaction.
        ring: the keys at hand. A record of another key is covered by the MACs after it; the last must be of one
            of these.
        since: a head that was reported earlier: the trail must still have it.
    """
    stored = connection.execute(select(head_table.c.position, head_table.c.digest)).one()
    head = Head(stored.position, stored.digest)
    wanted = select(table).order_by(table.c.position).execution_options(yield_per=_ROWS_AT_ONCE)
    with connection.execute(wanted) as rows:
        return Verification(head, _first_problem(rows, ring, head, since))


def _first_problem(rows: Iterable[Row[Any]], ring: KeyRing, head: Head, since: Head | None) -> str | None:
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
        if since is not None and since.position == position and since.digest != digest:
            return f"record {position} is another than at the last verification"
    if Head(position, digest) != head:
        return f"the trail ends at record {position}, but should end at record {head.position}"
    if since is not None and since.position > position:
        return f"the trail ends at record {position}, but had {since.position} at the last verification"
    if proved_to < position:
        return f"the records after {proved_to} were made with a key that is not at hand: they prove nothing"
    return None


def _chain(digest: str, record: AuditRecord) -> str:
    fields = [digest, record.position, record.at.isoformat(timespec="microseconds"), record.action]
    fields += [record.actor, record.origin, record.number, record.detail]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True).encode("ascii")).hexdigest()


def _mac(key: Key, digest: str) -> str:
    return key.digest(b"karipass audit record\0" + digest.encode("ascii")).hex()
