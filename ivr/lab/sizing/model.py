"""What hosts and a database carry, computed from what their work costs.

The model is linear: each call, login and notice costs so many seconds of a processor in each part. A host can use as
many processors as it used when it gave way under calls. That is a host whose callers are elsewhere; its Asterisk and
its service share its processors. The database is on a host of its own, of the same kind. Two things do not grow with
processors: the audit trail, whose records are written one after the other, and a reader or a sender of notices, which
is one process on each host.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ivr.lab.sizing.figures import Figures

_HOUR_S: Final = 3600.0


class Limit(StrEnum):
    """What gives way."""

    HOSTS = "the hosts' processors"
    DATABASE = "PostgreSQL's processors"
    TRAIL = "the audit trail: one record after the other"
    READERS = "the readers of notices: one process a host"
    SENDERS = "the senders of mails: one process a host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Work, in the same second.

    Attributes:
        calls: how many calls begin each second.
        logins: how many logins there are.
        notices: how many incoming calls there are whose number wants a mail.
    """

    calls: float = 0.0
    logins: float = 0.0
    notices: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What subscribers do in the busiest hour of the year.

    Attributes:
        calls, logins, notices: how many calls to the access number, logins, and incoming calls whose number wants a
            mail there are for 1,000 telephone numbers in that hour.
    """

    calls: float
    logins: float
    notices: float

    def rates(self, numbers: int) -> Rates:
        """The work of so many telephone numbers."""
        share = numbers / 1000 / _HOUR_S
        return Rates(calls=self.calls * share, logins=self.logins * share, notices=self.notices * share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What some work takes of a house.

    Attributes:
        hosts: how many processors of hosts, as a share of those of one host.
        shares: for each limit, how much of what there is at most the work takes; 1 is all.
    """

    hosts: float
    shares: dict[Limit, float]

    @property
    def first(self) -> Limit:
        """What gives way first when there is more of the same work."""
        return max(self.shares, key=lambda limit: self.shares[limit])

    @property
    def most(self) -> float:
        """How much of its limit that takes."""
        return self.shares[self.first]


class Model:
    """The model.

    Args:
        figures: what was measured.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    @property
    def usable_processors(self) -> float:
        """How many processors of a host its work can use before it gives way."""
        calls = self._figures.calls
        used = calls.carried * (calls.exchange + calls.service + calls.database + calls.callers)
        return min(used, float(self._figures.processors))

    def calls_at_once(self, calls_each_second: float) -> float:
        """How many calls there are at once if so many begin each second."""
        return calls_each_second * self._figures.calls.lasts_s

    def need(self, work: Rates, *, hosts: int) -> Need:
        """Say what some work takes of a house.

        Args:
            work: the work.
            hosts: how many hosts there are, which share it evenly.
        """
        figures, usable = self._figures, self.usable_processors
        at_once = self.calls_at_once(work.calls)
        processors = (
            at_once * (figures.calls.exchange + figures.calls.service)
            + work.logins * figures.logins.site
            + work.notices * (figures.notices.reader + figures.notices.sender)
        )
        database = (
            at_once * figures.calls.database
            + work.logins * figures.logins.database
            + work.notices * figures.notices.database
        )
        return Need(
            hosts=processors / usable,
            shares={
                Limit.HOSTS: processors / usable / hosts,
                Limit.DATABASE: database / usable,
                Limit.TRAIL: (work.calls + work.logins) / figures.trail.each_second,
                Limit.READERS: work.notices * figures.notices.reader / hosts,
                Limit.SENDERS: work.notices * figures.notices.sender / hosts,
            },
        )

    def most(self, kind: Rates, *, hosts: int) -> tuple[Rates, Limit]:
        """Say how much of one kind of work a house carries, and what gives way then.

        Args:
            kind: the kind, as one of it each second.
            hosts: how many hosts there are.
        """
        need = self.need(kind, hosts=hosts)
        times = 1 / need.most
        return Rates(calls=kind.calls * times, logins=kind.logins * times, notices=kind.notices * times), need.first

    def hosts_for(self, work: Rates, *, load: float) -> int:
        """Say how many hosts some work needs, if each is to be loaded so far at most.

        Args:
            work: the work.
            load: how much of what a host can do it is to do; 1 is all.
        """
        one = self.need(work, hosts=1).shares
        return max(1, *(math.ceil(one[limit] / load) for limit in (Limit.HOSTS, Limit.READERS, Limit.SENDERS)))
