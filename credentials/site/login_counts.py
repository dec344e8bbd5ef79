"""How many logins at the settings site went through and how many were refused, counted from the audit trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from sqlalchemy import Connection, func, inspect, select

from credentials.audit import Action
from credentials.model import LoginVerdict
from credentials.one_time.model import CodeVerdict
from credentials.schema import audit as table
from storage.clock import days
from storage.database import Database, database_border


class Tried(StrEnum):
    """The secret that a refused try was made with."""

    PASSWORD = "password"  # noqa: S105 - a name
    """A temporary password or a password, at the login page."""
    CODE = "code"
    """A one-time password, on the page after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCounts:
    """Counts of logins.

    Attributes:
        by_temporary: logins that went through with a temporary password; it opens the change of the password.
        by_password: logins that went through with a password.
        by_code: of these, those that a one-time password then completed.
        refused: tries that were refused, by the secret and the verdict on it (`LoginVerdict`, `CodeVerdict`).
    """

    by_temporary: int = 0
    by_password: int = 0
    by_code: int = 0
    refused: Mapping[tuple[Tried, str], int] = field(default_factory=dict)

    def __add__(self, other: LoginCounts) -> LoginCounts:
        return LoginCounts(
            by_temporary=self.by_temporary + other.by_temporary,
            by_password=self.by_password + other.by_password,
            by_code=self.by_code + other.by_code,
            refused=Counter(self.refused) + Counter(other.refused),
        )

    def __bool__(self) -> bool:
        """Whether there was anything to count."""
        return bool(self.tries or self.by_code)

    @property
    def accepted(self) -> int:
        """Logins that went through."""
        return self.by_temporary + self.by_password

    @property
    def all_refused(self) -> int:
        """All tries that were refused, those at locked logins among them."""
        return sum(self.refused.values())

    @property
    def locked(self) -> int:
        """Tries that were refused because the line or its logins are locked."""
        return self.refused.get((Tried.PASSWORD, LoginVerdict.LOCKED), 0)

    @property
    def tries(self) -> int:
        """All tries."""
        return self.accepted + self.all_refused


@database_border
def count_logins(database: Database, bounds: Sequence[datetime]) -> list[LoginCounts]:
    """Count the logins between each moment and the next one, in one view of the database.

    Args:
        database: the store's. One that has no credentials yet, as where only calls were recorded, has no logins.
        bounds: moments that rise.

    Returns:
        One fewer than there are moments.

    Raises:
        StoreUnavailable: the database cannot serve it.
    """
    with database.reading() as connection:
        if not inspect(connection).has_table(table.name):
            return [LoginCounts() for _ in pairwise(bounds)]
        return [
            sum((_between(connection, *day) for day in days(begin, end)), LoginCounts())
            for begin, end in pairwise(bounds)
        ]


@database_border
def first_login(database: Database) -> datetime | None:
    """Return when the first login was tried; None if none was."""
    with database.reading() as connection:
        if not inspect(connection).has_table(table.name):
            return None
        first: datetime | None = connection.scalar(
            select(func.min(table.c.at)).where(table.c.action == Action.LOGIN.value)
        )
        return first


def _between(connection: Connection, begin: datetime, end: datetime) -> LoginCounts:
    wanted = (
        select(table.c.action, table.c.detail, func.count().label("tries"))
        .where(table.c.action.in_([Action.LOGIN.value, Action.ONE_TIME_CODE_PROOF.value]))
        .where(table.c.at >= begin, table.c.at < end)
        .group_by(table.c.action, table.c.detail)
    )
    by_kind, refused, by_code = Counter[str](), Counter[tuple[Tried, str]](), 0
    for action, detail, tries in connection.execute(wanted):
        verdict, _, kind = detail.partition(", ")
        if action == Action.ONE_TIME_CODE_PROOF:
            if verdict == CodeVerdict.ACCEPTED:
                by_code += tries
            else:
                refused[Tried.CODE, verdict] += tries
        elif verdict == LoginVerdict.ACCEPTED:
            by_kind[kind] += tries
        else:
            refused[Tried.PASSWORD, verdict] += tries
    by_temporary = by_kind.pop("temporary password", 0)
    return LoginCounts(by_temporary=by_temporary, by_password=by_kind.total(), by_code=by_code, refused=refused)
