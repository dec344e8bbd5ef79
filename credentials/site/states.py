"""The state of a line's credentials, as operators see it: never a secret (docs/rules.md 3.14)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, select

from credentials.model import Line, LoginVerdict
from credentials.one_time import choices
from credentials.one_time.policy import mask_address
from credentials.rules import PASSWORD_TRIES, TEMPORARY_PASSWORD_TRIES
from credentials.schema import temporary_passwords
from credentials.secrets import passwords, temporary
from credentials.secrets.passwords import Password
from credentials.secrets.temporary import TemporaryPassword
from credentials.site import login_locks, session_table
from credentials.site.login_locks import LockOf
from credentials.site.session import SessionLimits


@dataclass(frozen=True)
class SecretState:
    """The state of a temporary password or a password.

    Attributes:
        verdict: ACCEPTED if it is good, EXPIRED or VOID.
        set_at: when it was set, in UTC.
        expires_at: until when it is good, in UTC.
        tries_left: how many wrong tries in a row it still allows.
    """

    verdict: LoginVerdict
    set_at: datetime
    expires_at: datetime
    tries_left: int


@dataclass(frozen=True)
class NumberState:
    """The state of a number's credentials.

    Attributes:
        number: the number.
        temporary: its temporary password; None if it has none.
        password: its password; None if it has none.
        one_time_used: whether it uses one-time passwords; None if it has not chosen yet.
        address: the confirmed address.
        provisional_address: an address that waits to be confirmed.
        locked_since: since when an operator has locked its logins; None if none has.
        session_since: since when its session is in force; None if none is.
    """

    number: str
    temporary: SecretState | None
    password: SecretState | None
    one_time_used: bool | None
    address: str | None
    provisional_address: str | None
    locked_since: datetime | None
    session_since: datetime | None

    def masked(self) -> Self:
        """Return it as viewers see it."""
        return replace(
            self,
            address=None if self.address is None else mask_address(self.address),
            provisional_address=None if self.provisional_address is None else mask_address(self.provisional_address),
        )


@dataclass(frozen=True)
class LineState:
    """The state of a line's credentials.

    Attributes:
        line: the line.
        reported_since: since when its logins are locked because a subscriber reported an event; None if they are not.
        numbers: the states of some of its numbers, in their order.
        more: what to ask for as `after` to get the next ones; None if these are the last.
    """

    line: Line
    reported_since: datetime | None
    numbers: tuple[NumberState, ...]
    more: str | None


def read(
    connection: Connection, line: Line, *, after: str, size: int, limits: SessionLimits, now: datetime
) -> LineState:
    """Return the state of a line's credentials, with the numbers that come after one."""
    ahead = sorted(number for number in line.numbers if number > after)
    shown = ahead[:size]
    of_line = passwords.find_all(connection, shown)
    chosen = choices.find_all(connection, shown)
    has_temporary = set(
        connection.scalars(
            select(temporary_passwords.c.target_number).where(temporary_passwords.c.target_number.in_(shown))
        )
    )
    sessions = {
        session.number: session.started_at for session in session_table.in_force(connection, shown, limits, now)
    }
    states = []
    for number in shown:
        choice = chosen.get(number)
        set_by_call = temporary.find(connection, number) if number in has_temporary else None
        states.append(
            NumberState(
                number=number,
                temporary=_state(set_by_call, TEMPORARY_PASSWORD_TRIES, now),
                password=_state(of_line.get(number), PASSWORD_TRIES, now),
                one_time_used=None if choice is None else choice.used,
                address=None if choice is None else choice.address,
                provisional_address=None if choice is None else choice.provisional_address,
                locked_since=login_locks.locked_since(connection, number, LockOf.NUMBER),
                session_since=sessions.get(number),
            )
        )
    return LineState(
        line,
        login_locks.locked_since(connection, line.contract_number, LockOf.LINE),
        tuple(states),
        shown[-1] if len(ahead) > size else None,
    )


def _state(stored: TemporaryPassword | Password | None, tries: int, now: datetime) -> SecretState | None:
    if stored is None:
        return None
    return SecretState(stored.state(now), stored.set_at, stored.expires_at, tries - stored.failures)
