"""Lays out the report's chart of logins at the settings site; the template draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from console.report.charts import Period
from credentials.site.login_counts import LoginCounts, Tried

LOGIN_STACK: Final = ("temporary", "password", "refused", "locked")
"""The kinds of tries, from the bottom of a column to its top."""


@dataclass(frozen=True)
class LoginColumn:
    """One column of the chart: a stretch of time.

    Attributes:
        place: the column's number, from 0.
        begin: when the stretch started.
        logins: counts the tries in it.
    """

    place: int
    begin: datetime
    logins: LoginCounts

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """The numbers of tries, by their kind."""
        counts = self.logins
        return {
            "temporary": counts.by_temporary,
            "password": counts.by_password,
            "refused": counts.all_refused - counts.locked,
            "locked": counts.locked,
        }

    @property
    def total(self) -> int:
        """The number of tries."""
        return self.logins.tries


def login_columns(
    count: Callable[[Sequence[datetime]], Sequence[LoginCounts]], period: Period, now: datetime
) -> list[LoginColumn]:
    """Return the columns of a period.

    Args:
        count: counts the logins between each moment and the next one.
        period: the period, which ends now.
        now: the present moment.
    """
    bounds = [now - period.span + period.column * place for place in range(round(period.span / period.column) + 1)]
    counted = count(bounds)
    return [LoginColumn(place, bounds[place], logins) for place, logins in enumerate(counted)]


def logins_of(columns: Sequence[LoginColumn]) -> LoginCounts:
    """Return the counts of all columns."""
    return sum((column.logins for column in columns), LoginCounts())


def reasons(logins: LoginCounts) -> Mapping[str, int]:
    """Return how many tries each reason refused, by the name of its text."""
    names = {Tried.PASSWORD: "", Tried.CODE: "code_"}
    return {f"{names[tried]}{verdict.lower()}": count for (tried, verdict), count in logins.refused.items()}
