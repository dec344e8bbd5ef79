"""What the service and its store process say to each other.

A message with a `request` gets one answer, which has the same number. A message about a call names it by its id. The
passwords in these messages are not in their reprs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from credentials.model import Line, Unit
from ivr.call.dialogue.events import RefusalReason
from ivr.records.changes import Change

VERSION: Final = 1
"""The version of these messages. A service goes on while its program is upgraded, and may start a newer process."""


ALIVE_S: Final = 1.0
"""How often a store process says something, at least: its load, if nothing else."""


# --- from the service ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first message: whose calls the records are of.

    Attributes:
        service_id: names the service in the records.
        host: the host that it runs on.
        pid: its process id there.
    """

    service_id: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """May this number set passwords? Answered by `Admission`."""

    request: int
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Hash a temporary password that may be stored later."""

    call: str
    caller: str
    target: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Throw away what was prepared for a call."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Store a temporary password. Answered by `Answer`."""

    request: int
    call: str
    caller: str
    unit: Unit
    target: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take a call's `Store` back, if it is not too late."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFailure:
    """Count a call that has failed. Answered by `Done`."""

    request: int
    call: str
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Can the store be read and written? Answered by `Probed` or `Unavailable`."""

    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write changes of call records. Answered by `Done`, with how many were refused, or `Unavailable`."""

    request: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkLost:
    """Mark the calls whose service has ended. Answered by `Done`, with how many there were, or `Unavailable`."""

    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetBefore:
    """Remove some old calls. Answered by `Done`, with how many were removed, or `Unavailable`."""

    request: int
    moment: datetime


# --- from the store process ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The store can be used."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpened:
    """The store cannot be opened, and the process ends.

    Attributes:
        problem: what is wrong and what to do, for people.
    """

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The answer to `Admit`.

    Attributes:
        line: the caller's line, if the caller is admitted.
        refusal: why the caller is not. If there is neither, the store is away.
    """

    request: int
    line: Line | None = None
    refusal: RefusalReason | None = None


class Outcome(Enum):
    """What became of a `Store`."""

    STORED = "stored"
    NOT_STORED = "not_stored"
    """It was taken back in time."""
    REFUSED = "refused"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to `Store`.

    Attributes:
        outcome: what became of it.
        refusal: why the caller was refused.
    """

    request: int
    outcome: Outcome
    refusal: RefusalReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The store can be read and written.

    Attributes:
        head: where the audit trail ends (`credentials.audit.Head`).
    """

    request: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A request was carried out.

    Attributes:
        count: how many things it concerned.
    """

    request: int
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """The store cannot carry a request out now; nothing was changed.

    Attributes:
        problem: why, and what to do.
    """

    request: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The audit trail has a new head (`credentials.audit.Head`)."""

    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many passwords are being hashed or stored, how many wait for that, and for how many seconds the oldest of all
    of them has: sent at least every second."""

    running: int
    waiting: int
    behind_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCompared:
    """This host's clock was compared with the database's.

    Attributes:
        ahead_s: by how many seconds it is ahead; None where the database is a file of this host.
    """

    ahead_s: float | None


FromService = (
    Hello | Admit | Prepare | Discard | Store | Withdraw | NoteFailure | Probe | Write | MarkLost | ForgetBefore
)
Reply = Admission | Answer | Probed | Done | Unavailable
FromStore = Opened | NotOpened | Reply | Appended | Load | ClockCompared
Message = FromService | FromStore
