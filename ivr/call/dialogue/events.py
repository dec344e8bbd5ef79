"""The events that the dialogue takes, and the commands that it gives.

Both are frozen values, so a test can write down, replay and compare a whole call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final

from credentials.model import Line, Unit
from ivr.call.phrases import Phrase


class RefusalReason(StrEnum):
    """Why a caller is not admitted (docs/rules.md 2.1)."""

    WITHHELD = "withheld"
    PAYPHONE = "payphone"
    UNKNOWN = "unknown"
    NOT_SUBSCRIBED = "not_subscribed"
    LOCKED = "locked"
    THROTTLED = "throttled"


class Outcome(StrEnum):
    """How a call ended, for the dialplan, the logs and the records."""

    SET = "set"
    """The temporary password is stored."""
    REFUSED = "refused"
    """The caller was not admitted."""
    FAILED = "failed"
    """Too many wrong entries or silences, or out of time."""
    ABANDONED = "abandoned"
    """The caller hung up before the end."""
    ERROR = "error"
    """Our fault: the store could not be reached, the media stream broke, or our program is at fault."""


REASONS: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.SET: ("set",),
    Outcome.REFUSED: tuple(reason.value for reason in RefusalReason),
    Outcome.FAILED: ("wrong_entries", "silence", "step_limit", "call_limit"),
    Outcome.ABANDONED: ("hung_up",),
    Outcome.ERROR: ("store_away", "stream_broken", "fault"),
}
"""The reasons that each outcome can have."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The outcome of a call and the reason for it, in one word each."""

    outcome: Outcome
    reason: str


# --- events -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """The caller number belongs to this line."""

    line: Line


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """The caller number may not set passwords."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class StoreAway:
    """The store did not answer: either it is unknown whether the caller may be admitted, or nothing was stored."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key that counts (already paired across sources). Its value may be a password digit."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyReleased:
    """The end of the key that was pressed last."""


@dataclass(frozen=True, slots=True)
class KeyMayBeLost:
    """The caller's audio had a hole as long as a key."""


@dataclass(frozen=True, slots=True)
class GuidanceEnded:
    """The last `Say` was heard to its end (it was not stopped)."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `now`. Due when the dialogue's `deadline` is reached, harmless at any other time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The store has the temporary password."""


@dataclass(frozen=True, slots=True)
class NotStored:
    """The store learnt in time that the caller has gone, and changed nothing."""


StoreAnswer = Stored | NotStored | StoreAway | NotAdmitted


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller went away."""


@dataclass(frozen=True, slots=True)
class StreamBroken:
    """The caller's audio is gone, but not by the caller's doing: the call cannot go on."""


Event = (
    Admitted
    | NotAdmitted
    | StoreAway
    | KeyPressed
    | KeyReleased
    | KeyMayBeLost
    | GuidanceEnded
    | TimePassed
    | Stored
    | NotStored
    | HungUp
    | StreamBroken
)

# --- commands -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Play this guidance now, in place of what is playing."""

    phrase: Phrase


@dataclass(frozen=True, slots=True)
class StopGuidance:
    """Be silent at once: a key was pressed."""


@dataclass(frozen=True, slots=True)
class PreparePassword:
    """This temporary password was entered once: get ready to store it. Nothing is stored."""

    target: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DiscardPassword:
    """The password of the last `PreparePassword` will not be stored."""


@dataclass(frozen=True, slots=True)
class StorePassword:
    """Store this temporary password, and give a `StoreAnswer`."""

    unit: Unit
    target: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WithdrawPassword:
    """The caller has gone: do not store what `StorePassword` asked for, if it is not too late."""


class Verdict(Enum):
    """The result of judging an entry."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    SILENT = "silent"
    UNSURE = "unsure"
    """The entry did not fit, but a key may have been lost on its way."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry was judged; for the logs. The entry is shown only if it cannot be a secret.

    Attributes:
        step: the name of the state.
        verdict: the result.
        keys: how many keys the entry had.
        shown: an accepted unit or number, or a number that was meant to be one of the line's; otherwise `*` for each
            key.
        attempt: which of the step's wrong entries or silences this is (0 if it is neither).
        named: whether `shown` is the entry itself.
    """

    step: str
    verdict: Verdict
    keys: int
    shown: str
    attempt: int
    named: bool


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    ending: Ending


Command = Say | StopGuidance | PreparePassword | DiscardPassword | StorePassword | WithdrawPassword | Judged | HangUp
