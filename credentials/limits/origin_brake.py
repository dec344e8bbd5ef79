"""A brake on guessing secrets at the settings site: it counts one origin's wrong tries, across numbers and hosts.

Three wrong tries void a temporary password, whoever makes them. A stranger must not void one number after another; a
subscriber who mistypes twice waits a minute before the try that would be the last. A braked try is not judged, so it
does not count against the number. A refused try counts whatever the reason, so that the brake gives nothing away
(docs/rules.md 4.4).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from credentials.schema import wrong_tries as table
from storage.clock import latest_at


@dataclass(frozen=True)
class TryLimits:
    """The limits of one origin's tries.

    Attributes:
        tries: how many wrong tries are judged within `within`, at any numbers. (With PostgreSQL, a few more that run at
            the same moment may be judged.)
        tries_of_a_number: how many wrong tries at one number are judged without a pause; each further one has to wait.
        within: how long a wrong try is remembered.
        pause: how long such a try has to wait after the last wrong one at the number.
    """

    tries: int = 10
    tries_of_a_number: int = 2
    within: timedelta = timedelta(minutes=15)
    pause: timedelta = timedelta(minutes=1)


def is_braked(connection: Connection, origin: str, number: str, *, limits: TryLimits, now: datetime) -> bool:
    """Return whether an origin has to wait before its next try at a number is judged."""
    recent = (table.c.origin == origin) & (table.c.at > now - limits.within) & (table.c.at <= latest_at(now))
    if (connection.scalar(select(func.count()).where(recent)) or 0) >= limits.tries:
        return True
    of_number = select(func.count(), func.max(table.c.at)).where(recent, table.c.number == number)
    tries, last = connection.execute(of_number).one()
    return bool(tries >= limits.tries_of_a_number and now < last + limits.pause)


def note_wrong(connection: Connection, origin: str, number: str, *, limits: TryLimits, now: datetime) -> None:
    """Store a wrong try, and delete all tries that are too old to count."""
    connection.execute(delete(table).where((table.c.at <= now - limits.within) | (table.c.at > latest_at(now))))
    connection.execute(insert(table).values(try_id=uuid.uuid4().hex, origin=origin, number=number, at=now))
