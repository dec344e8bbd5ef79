"""What became of a letter, as subscribers and operators see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mail.letter import Purpose


class State(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    TAKEN = "taken"
    """The mail server took it. It may still come back (`Outbox.bounced`), or not arrive for long (`Outbox.delayed`)."""
    REFUSED = "refused"
    """A mail server refused it for good."""
    EXPIRED = "expired"
    """It could not be sent as long as it was of use."""


class Reason(StrEnum):
    """Why a letter was refused, or why it still waits. Pages have a text for each in each language."""

    NONE = ""
    NO_SUCH_ADDRESS = "no_such_address"
    """The server does not know the address."""
    MAILBOX_FULL = "mailbox_full"
    NOT_ACCEPTED = "not_accepted"
    """The server's rules forbid it: its filter, its list of senders, its owner's wish."""
    OTHER = "other"
    """The server gave another reason: its own words are in `Delivery.reply`."""
    LATER = "later"
    """The server asked to try again later (as with greylisting)."""
    SERVER_AWAY = "server_away"
    """Our own mail server cannot be reached, or does not take mails from us."""
    UNREADABLE = "unreadable"
    """Its text was sealed under a key that is not at hand."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of a letter. Its repr shows neither address nor number nor the server's words.

    Attributes:
        letter_id: the letter's id.
        purpose: what it was for.
        number: the number that it was about; "" for none.
        address: where it went.
        created_at: when it was put into the outbox.
        useful_until: it is not sent any more from then on.
        state: where it is.
        due_at: when it is tried next, if it waits.
        tries: how often a sender took it up.
        ended_at: when it was taken, refused or given up; None if it waits.
        reason: why it was refused, or why it still waits or waited until it expired.
        reply: the server's own words about that, as one line of at most 200 characters; "" for none.
    """

    letter_id: str
    purpose: Purpose
    number: str = field(repr=False)
    address: str = field(repr=False)
    created_at: datetime
    useful_until: datetime
    state: State
    due_at: datetime
    tries: int
    ended_at: datetime | None
    reason: Reason
    reply: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The letters that wait.

    Attributes:
        waiting: how many.
        oldest_s: how long the oldest has waited, in seconds; 0 if none waits.
    """

    waiting: int
    oldest_s: float
