"""What may come of handing a letter to a mail server."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from mail.outbox.deliveries import Reason


class Trouble(StrEnum):
    """Why our mail server takes no mail at all from us: an operator's matter, and no letter's fault."""

    UNREACHABLE = "unreachable"
    """It cannot be connected to, or breaks the connection off."""
    SLOW = "slow"
    """It does not answer in time."""
    NO_STARTTLS = "no_starttls"
    """It does not offer STARTTLS, which is demanded."""
    CERTIFICATE = "certificate"
    """Its certificate is not trusted, or not its name's."""
    LOGIN = "login"
    """It does not take our user and password, or wants some."""
    SENDER = "sender"
    """It does not take our sender address."""
    NOT_READY = "not_ready"
    """It says that it takes no mails now."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has the letter now, and the duty to deliver it or send it back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refuses the letter for good.

    Attributes:
        reason: why.
        code: the reply's three digits.
        reply: the server's words, fit to be kept.
    """

    reason: Reason
    code: int
    reply: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PutOff:
    """The letter is to be tried again.

    Attributes:
        reason: why.
        code: the reply's three digits; 0 if there was no answer (the server may have the letter then).
        reply: the server's words, fit to be kept.
    """

    reason: Reason
    code: int
    reply: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Away:
    """The server takes no letters.

    Attributes:
        trouble: why.
        detail: what exactly, for the log: no address and no user is in it.
    """

    trouble: Trouble
    detail: str


Outcome: TypeAlias = Taken | Refused | PutOff | Away
